/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people do with the database of --state, beside a daemon that runs or without one: look
 * whether it is whole, copy it, remove a host, import another program's counts. All of these are
 * one transaction. Functions return 0 or -errno: -ENOENT where there is no database, -ENOSYS
 * without SQLite, -EBUSY where a daemon writes for longer than two seconds, -EMEDIUMTYPE for one of
 * a newer version, -EUCLEAN for a damaged one, or as store_open().
 */
#ifndef MZ_HISTORY_CARE_H
#define MZ_HISTORY_CARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history/nlbwmon.h"
#include "history/store.h"
#include "history/zone.h"
#include "model/history.h"

/* Opens the database to change it, and makes none. */
int care_open(struct store *store, const char *dir);

/* A line for people. */
struct care_listener {
	void (*say)(void *context, const char *line);
	void *context;
};

/*
 * SQLite's own check, and whether the rows fit together; says what is wrong. Needs no more than
 * to read. Returns the number of faults, or -errno.
 */
int care_check(const char *dir, const struct care_listener *listener);

/*
 * Makes a copy of the database at path, readable by this user only. It appears whole, or not at
 * all. -EEXIST: there is something at path. *of_path: whether an error is of path, such as a
 * directory that is not there, and not of the database.
 */
int care_backup(const char *dir, const char *path, bool *of_path);

/* The hosts that are meant, by one of these; the others are NULL. */
struct care_who {
	const uint8_t *mac;  /* 6 bytes */
	const uint8_t *addr; /* 16 bytes, of this family; it finds hosts without a MAC only */
	uint8_t family;
	const char *name;
};

/*
 * Removes what is known of hosts. Their traffic becomes that of HISTORY_FORGOTTEN_HOSTS, so that
 * all totals stay. A host that the counters of this boot still need keeps its key, without a name,
 * and with the source CARE_FORGOTTEN until the recorder has forgotten it, too. Says which ones.
 * Returns how many hosts, each IP version by itself, or -errno. *wiped: 0, or why what was deleted
 * may still be readable in the file's unused parts.
 */
int care_forget(const char *dir, const struct care_who *who, const struct care_listener *listener,
	int *wiped);

#define CARE_FORGOTTEN "forgotten"

struct care_import {
	const struct nlbwmon *found;
	const struct zone *zone;
	int64_t first, last;   /* local days since 1970; all of them get their part */
	const char *interface; /* of hosts that the history does not know yet; NULL: that of most */
	bool add;	       /* also to days that have rows of the same hosts */
};

/*
 * Adds rows to days, evenly by the length of each, to the byte. -EEXIST: *day has rows of *hosts
 * of these hosts already; -EOVERFLOW: a day would have 2^63 bytes or packets, or more. Nothing was
 * changed then.
 */
int care_import(const char *dir, const struct care_import *import, int64_t *day, int64_t *hosts);

#endif
