/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which users the daemon and its children are, and what the daemon may still do once it runs. */
#ifndef MZ_DAEMON_PRIVILEGES_H
#define MZ_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

struct privileges {
	uid_t keeper_uid, exporter_uid;
	gid_t keeper_gid, exporter_gid;
};

/*
 * The capabilities that are missing: those that counting needs, and those that root needs in order
 * to become another user. A constant string; NULL where none is missing.
 */
const char *privileges_missing(void);

/*
 * Looks up the users. Where this process is root: "mezoura", or root if there is no such user, and
 * "mezoura-exporter", or "nobody". Else both are the user of this process.
 */
void privileges_find(struct privileges *users);

/*
 * Becomes the keeper's user, for good. Keeps only the capabilities that attaching classifiers,
 * reading maps and reading files of names need. Programs that are executed from here on have none.
 * Keeps CAP_DAC_OVERRIDE, too, but not in effect: see privileges_write_anywhere(). Returns 0 or
 * -errno.
 */
int privileges_drop(const struct privileges *users);

/* Puts CAP_DAC_OVERRIDE into effect, or gives it up for good. Returns 0 or -errno. */
int privileges_write_anywhere(bool may);

/* In a child, after privileges_drop(): becomes the exporter's user, for good. 0 or -errno. */
int privileges_become_exporter(const struct privileges *users);

/*
 * In a child, after privileges_drop(): stays the keeper's user, but without its capabilities and
 * without the ids of the exporter. For good. Returns 0 or -errno.
 */
int privileges_become_recorder(const struct privileges *users);

/* In the daemon, when it starts no exporter any more: gives up the ids of its user, too. */
void privileges_forget_exporter(void);

#endif
