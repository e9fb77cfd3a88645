/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database in --state: hours, days, and what still waits for its date. docs/history.md has the
 * schema. All changes between store_begin() and store_commit() are made at once, or not at all.
 */
#ifndef MZ_HISTORY_STORE_H
#define MZ_HISTORY_STORE_H

#include <limits.h>

#include "history/sqlite.h"
#include "history/zone.h"
#include "model/history.h"

#define STORE_FILE    "history.db"
#define STORE_VERSION 1	   /* of the schema: PRAGMA user_version */
#define STORE_ASIDE   3	   /* most damaged databases that are put aside */
#define STORE_HOURS   1488 /* most hours, those of 62 days; older ones become days */

struct store {
	struct sqlite db;
	char path[PATH_MAX];
	uint64_t limit; /* bytes, 0: none */
	int lock;	/* the directory's lock; -1: none */
	dev_t device;	/* of the file that is open */
	ino_t inode;
	bool shortened;	  /* rows were removed for the limit */
	bool set_aside;	  /* a damaged database was put aside when this one was made */
	uint64_t written; /* bytes, since store_open() */
	struct store_statements *statements;
};

/* How far the counters are in the database: written with what they were counted into. */
struct store_position {
	int64_t boot;	  /* id of the boot, see store_boot() */
	uint64_t tables;  /* identity of the kernel's tables; 0: nothing is in the database yet */
	int64_t taken;	  /* seconds of CLOCK_BOOTTIME */
	uint64_t journal; /* the recent slices' identity, and the number of the last one that is in
			   */
	uint64_t slice;
};

/*
 * Opens or makes the database in directory dir. lock: take the directory's lock, so that no two
 * recorders write; programs that a user runs beside the daemon do not. With the lock, it checks
 * that the database is whole: one of up to 16 MB each time, a larger one where it met damage when
 * it was last open, so after -EUCLEAN close it and open it again. A damaged database is renamed to
 * history.db.damaged-N, with its journal, and a new one is made. Nothing is ever deleted: once
 * there are STORE_ASIDE of them, and without the lock, a damaged database stays where it is:
 * -EUCLEAN. Returns 0; -EBUSY: locked; -EMEDIUMTYPE: of a newer version, and not touched; -ENOENT:
 * no directory, or to read: no database; -ENOSYS: no SQLite; or as sqlite_open(). store is closed
 * then.
 */
int store_open(struct store *store, const char *dir, uint64_t limit, bool lock);
int store_open_to_read(struct store *store, const char *dir);
void store_close(struct store *store);

/*
 * The default of --state-size: a quarter of what is free, at most 4 MB where less than 32 MB are,
 * and at least 256 kB. What the database itself takes counts as free.
 */
uint64_t store_default_limit(const char *dir);

/* Whether the database's file is still the one at its path: else it was removed, or replaced. */
bool store_is_there(const struct store *store);

/*
 * store_begin() fails with -ESTALE where the file is not there any more: close the store and open
 * it anew. store_commit() rolls back where it fails. Where another function fails, call
 * store_rollback(): some failures, as of a full disk, have done so already. Without store_begin(),
 * each call is a transaction of its own.
 */
int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store);

/* Returns the id of this boot, which it makes where there is none, or -errno. */
int64_t store_boot(struct store *store, const char *boot_id);
/* The offset (date - boot time, seconds) by which the boot's held rows have dates for now. */
int store_set_boot_offset(struct store *store, int64_t boot, int64_t offset, int64_t ended);
/*
 * The last offset of that boot that was proven, for another process of the same boot. Returns 0, or
 * -errno; store_boot_proof() -ENOENT: none was.
 */
int store_prove_boot(struct store *store, int64_t boot, int64_t offset);
int store_boot_proof(struct store *store, int64_t boot, int64_t *offset);

/* position: all zero where the database has none. Returns 0 or -errno. */
int store_get_position(struct store *store, struct store_position *position);
int store_set_position(struct store *store, const struct store_position *position);
/* Forgets all counters: of tables that are gone. */
int store_clear_counters(struct store *store);
int store_set_counter(struct store *store, int64_t host, const struct mz_counts *counter);
int store_each_counter(struct store *store,
	int (*take)(void *context, int64_t host, const struct history_host *of,
		const struct mz_counts *counter),
	void *context);

/* Returns the id of the host, which it makes where there is none, or -errno. Sets its name if
 * given. */
int64_t store_host(
	struct store *store, const struct history_key *key, const char *name, const char *source);
/*
 * Finds a host that "mezoura history forget" marked: its id, 0: there is none, or -errno. Whoever
 * has forgotten it, too, ends that by store_end_forgotten().
 */
int64_t store_next_forgotten(struct store *store, struct history_host *host);
int store_end_forgotten(struct store *store, int64_t id);
/* Returns 0, -ENOENT, or another -errno. */
int store_get_host(struct store *store, int64_t id, struct history_host *host);

/*
 * Adds counts to a host's row of the hour [start, end). Where that hour has become a part of a day
 * already, adds to the day. estimated: its time is not certain.
 */
int store_add_hour(struct store *store, const struct zone *zone, int64_t start, int64_t end,
	bool estimated, int64_t host, const struct mz_counts *counts);

/*
 * Adds counts to a host's row of a local day, since 1970, of which no hours are known: for imports.
 */
int store_add_day(struct store *store, const struct zone *zone, int64_t day, bool estimated,
	int64_t host, const struct mz_counts *counts);

/* Returns the id of a new held slice of that boot, in seconds of its CLOCK_BOOTTIME, or -errno. */
int64_t store_new_held(
	struct store *store, int64_t boot, int64_t began, int64_t ended, bool unwatched);
int store_add_held(struct store *store, int64_t held, int64_t host, const struct mz_counts *counts);

/*
 * The clock of that boot is proven: its held rows become hours, cut pro rata. Rows of earlier
 * boots, whose clock never was, become estimated hours: where they were, if that lies between the
 * last final hour before them and the start of this boot; else right before the boot that followed.
 */
int store_settle(struct store *store, const struct zone *zone, int64_t boot, int64_t offset);

/* The start of the newest hour or day whose time is certain, since 1970; 0: none; or -errno. */
int64_t store_last_final(struct store *store);

/*
 * The daemon looked at the counters from start to end. Joins the row that it touches; reason: why
 * it did not before start, where it touches none; enum history_gap_reason.
 */
int store_add_recorded(struct store *store, int64_t start, int64_t end, int reason);

/*
 * Makes days of the oldest hours, beyond STORE_HOURS of them. Where there are more held slices than
 * that, they become estimated hours where they are believed to have been. Where the limit is
 * reached, more hours become days, then the oldest days go, and held slices become hours last; the
 * newest day stays in hours. Counts rows and bytes, never asks the clock. Returns 0 or -errno.
 */
int store_expire(struct store *store, const struct zone *zone);

/* Fills bytes, bytes_limit, reach, rows (but those of five minutes) and hosts of the report. */
int store_fill_report(struct store *store, struct history_report *report);

#endif
