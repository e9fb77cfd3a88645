/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recent slices, of five minutes each, in memory-backed /run: the detail of the last day or
 * more, and all that is not in the database yet. A second database, of this boot only. Its counters
 * and slices change together, so a kill at any instruction loses nothing and doubles nothing.
 */
#ifndef MZ_HISTORY_RECENT_H
#define MZ_HISTORY_RECENT_H

#include "history/ledger.h"
#include "history/sqlite.h"

#define RECENT_FILE "recent.db"

struct recent {
	struct sqlite db;
	uint64_t journal; /* random identity: another one for each new database */
	uint64_t last;	  /* number of the last slice; 0: none */
	uint64_t limit;	  /* bytes */
	bool in_memory;	  /* only in this process: a restart loses it */
	struct recent_statements *statements;
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
 * memory. limit: bytes. Returns 0 or -errno.
 */
int recent_open(struct recent *recent, const char *dir, const char *boot_id, uint64_t limit);
void recent_close(struct recent *recent);

/* Reads counters and position into a ledger, by ledger_resume_counter() and ledger_resume(). */
int recent_resume(struct recent *recent, struct ledger *ledger);

/* Adds a slice, and saves the counters that changed (unsaved). One transaction. 0 or -errno. */
int recent_add(struct recent *recent, struct ledger *ledger, const struct ledger_slice *slice,
	const int64_t *offset);

/* Slices without a date get this one. */
int recent_settle(struct recent *recent, int64_t offset);

/*
 * Calls take with each slice whose number is above number, in order, then with each of its rows.
 * row: NULL: the slice begins. Returns 0, -errno, or what take() returned, which ends it.
 */
int recent_each(struct recent *recent, struct ledger *ledger, uint64_t number,
	int (*take)(void *context, const struct recent_slice *slice, const struct ledger_row *row),
	void *context);

/*
 * Removes the oldest slices beyond the limit, of those that are in the database (number up to
 * stored). Where the others alone are too many, merges the older half of them into one: sums stay.
 */
int recent_prune(struct recent *recent, uint64_t stored);

#endif
