/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recent slices, of five minutes each, in memory-backed /run: the detail of the last day or
 * more, and all that is not in the database yet. A second database, of this boot only. Its counters
 * and slices change together, so a kill at any instruction loses nothing and doubles nothing.
 */
#ifndef MZ_HISTORY_RECENT_H
#define MZ_HISTORY_RECENT_H

#include <limits.h>

#include "history/ledger.h"
#include "history/sqlite.h"

#define RECENT_FILE  "recent.db"
#define RECENT_LIMIT (8 << 20) /* bytes */

/* A slice of a database: one journal's slice numbers begin at 1. All zero: none. */
struct recent_mark {
	uint64_t journal, slice;
};

struct recent {
	struct sqlite db;
	uint64_t journal;	 /* random identity: another one for each new database */
	uint64_t last;		 /* number of the last slice; 0: none */
	uint64_t first;		 /* of the first one */
	uint64_t limit;		 /* bytes */
	bool in_memory;		 /* only in this process: a restart loses it */
	bool is_new;		 /* made by recent_open(): it has nothing to resume from */
	struct recent_mark base; /* the slice before the first one; in another journal or this */
	int64_t written_on;	 /* a local date since 1970, and what was written then: */
	uint64_t written;	 /* see recent_note_written() */
	struct recent_statements *statements;
	char path[PATH_MAX];
};

struct recent_slice {
	uint64_t number;
	int64_t began, ended; /* seconds of CLOCK_BOOTTIME */
	int64_t offset;	      /* date - boot time in seconds, where has_date */
	bool has_date;	      /* final */
	bool unwatched;
};

/*
 * Opens or makes the database in directory dir, which is of this boot; one of another boot, of
 * another version or a damaged one is removed first. dir NULL, or where it cannot be had: in
 * memory. limit: bytes. The caller zeroes recent. Returns 0 or -errno.
 */
int recent_open(struct recent *recent, const char *dir, const char *boot_id, uint64_t limit);
void recent_close(struct recent *recent);

/* Closes the database and removes its file: of counters that do not fit the store. */
void recent_discard(struct recent *recent);

/* Whether the database's file is still the one at its path, or it never had one. */
bool recent_is_there(const struct recent *recent);

/* The counters begin where the store's position is. Before the first slice. Returns 0 or -errno. */
int recent_set_base(struct recent *recent, const struct recent_mark *base);

/* Keeps what was written to the store on a date, for the next process. Returns 0 or -errno. */
int recent_note_written(struct recent *recent, int64_t date, uint64_t bytes);

/*
 * Whether a database that ends with the slice at has what these slices do not have, and nothing of
 * what they have: it may end with any of them, but those that were removed or merged.
 */
bool recent_goes_on_from(struct recent *recent, const struct recent_mark *at);

/* Reads counters and position into a ledger, by ledger_resume_counter() and ledger_resume(). */
int recent_resume(struct recent *recent, struct ledger *ledger);

/*
 * Adds a slice, and saves the counters that changed (unsaved), which it notes as unstored. offset:
 * NULL where the slice has no date. One transaction. Returns 0 or -errno.
 */
int recent_add(struct recent *recent, struct ledger *ledger, const struct ledger_slice *slice,
	const int64_t *offset);

/* Slices without a date get this one. */
int recent_settle(struct recent *recent, int64_t offset);

/* The offset of the last slice that has a date. Returns 0; -ENOENT: none has; or another -errno. */
int recent_last_date(struct recent *recent, int64_t *offset);

/*
 * Calls take with each slice whose number is above number, in order, then with each of its rows.
 * row: NULL: the slice begins. Returns 0, -errno, or what take() returned, which ends it.
 */
int recent_each(struct recent *recent, struct ledger *ledger, uint64_t number,
	int (*take)(void *context, const struct recent_slice *slice, const struct ledger_row *row),
	void *context);

/*
 * The series of that index is forgotten: its rows become those of all that were, and its name goes,
 * also from the ledger. Returns 0 or -errno.
 */
int recent_forget(struct recent *recent, struct ledger *ledger, size_t index);

/*
 * Removes series without rows whose counter is 0, and so their recent_id. All that are left stay in
 * the ledger, as their rows have its indices. Returns 0 or -errno.
 */
int recent_drop_gone(struct recent *recent, struct ledger *ledger);

/*
 * Removes the oldest slices beyond the limit, of those that are in the database (number up to
 * stored). Where the others alone are too many, merges the older half of them into one: sums stay.
 */
int recent_prune(struct recent *recent, uint64_t stored);

#endif
