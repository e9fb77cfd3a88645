/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who the two processes are, and what the keeper may still do once it runs. */
#ifndef MZ_DAEMON_PRIVILEGES_H
#define MZ_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

struct privileges {
	uid_t keeper_uid, exporter_uid;
	gid_t keeper_gid, exporter_gid;
};

/*
 * Which capabilities are not there that counting takes, or that root takes to be root no longer: a
 * constant string; NULL where none is missing.
 */
const char *privileges_missing(void);

/*
 * Looks up who they are to be: where we are root, "mezoura" (root, if there is no such user) and
 * "mezoura-exporter" ("nobody", if there is none); else both are who we are.
 */
void privileges_find(struct privileges *who);

/*
 * Becomes the keeper's user, for good, and gives up all capabilities but those that hooking,
 * reading maps and reading files of names take; what is executed from here on has none.
 * CAP_DAC_OVERRIDE waits for privileges_write_anywhere(). Returns 0 or -errno.
 */
int privileges_drop(const struct privileges *who);

/* Takes CAP_DAC_OVERRIDE back into effect, or gives it up for good. Returns 0 or -errno. */
int privileges_write_anywhere(bool may);

/* In a child, after privileges_drop(): becomes the exporter's user, for good. 0 or -errno. */
int privileges_become_exporter(const struct privileges *who);

/* In the keeper, once there will be no exporter any more: nothing is left of that user. */
void privileges_forget_exporter(void);

#endif
