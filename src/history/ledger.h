/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From counters to slices. The ledger compares each snapshot with the last one, and cuts what the
 * counters rose by into slices of time: every byte is in exactly one slice. Pure: no clock, no
 * file. Times are seconds of CLOCK_BOOTTIME.
 */
#ifndef MZ_HISTORY_LEDGER_H
#define MZ_HISTORY_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/history.h"
#include "model/snapshot.h"

/* A host and IP version on an interface, or a reason why traffic is not attributed. */
struct ledger_series {
	struct history_key key;
	struct mz_counts counter; /* as of the end of the last slice */
	struct mz_counts seen;	  /* in the last snapshot */
	struct mz_counts next;	  /* in the snapshot that is being taken */
	struct mz_counts extra;	  /* of the open slice: counted before the row left the tables */
	char *name;		  /* the last known one; NULL: none. Belongs to the ledger */
	char source[12];
	bool present;		     /* in the last snapshot */
	bool renamed;		     /* since the caller cleared it: for whoever stores names */
	bool unsaved;		     /* counter changed since the caller cleared it */
	bool closing;		     /* private: it does only if close() takes the slice */
	bool unstored;		     /* for the caller: the store does not have counter yet */
	int64_t recent_id, store_id; /* for the caller: its number in a database; 0: none yet */
};

struct ledger_row {
	uint32_t series; /* index */
	struct mz_counts counts;
};

struct ledger_slice {
	int64_t began, ended;	       /* began < ended, or both equal where time has not passed */
	bool unwatched;		       /* no daemon looked: only the sum is known, not when */
	const struct ledger_row *rows; /* those that are not all zero */
	size_t count;
};

struct ledger {
	struct ledger_series *series;
	size_t count;
	uint64_t tables; /* the identity of the kernel's tables; 0: no snapshot yet */
	int64_t closed;	 /* the end of the last slice */
	int64_t taken;	 /* when the last snapshot was taken */
	uint64_t lost;	 /* bytes of counters that fell: they cannot have been recorded */
	bool started;
	/* Snapshots further apart than so many seconds: no daemon looked. The caller may raise it.
	 */
	int64_t watched;
	/* private: */
	bool unwatched; /* the open slice */
	bool baseline;	/* counters begin at what the next snapshot has */
	size_t room, slot_count;
	uint32_t *slots;
	struct ledger_row *rows;
	struct hash_seed seed;
	/* Gets each slice that is closed. Returns 0, or -errno: then the slice stays open. */
	int (*close)(void *context, const struct ledger_slice *slice);
	void *context;
};

void ledger_init(struct ledger *ledger,
	int (*close)(void *context, const struct ledger_slice *slice), void *context);
void ledger_finish(struct ledger *ledger);

/*
 * Before the first snapshot: a counter that is in a slice already, as a database says, and the
 * instant up to which all of them are. Counters without one begin at 0. Returns 0 or -ENOMEM.
 */
int ledger_resume_counter(struct ledger *ledger, const struct history_key *key,
	const struct mz_counts *counter, const char *name);
void ledger_resume(struct ledger *ledger, uint64_t tables, int64_t closed);

/*
 * Takes a snapshot that was taken at now. mark: the instant at which a slice is to end, if now is
 * not before it; the part of the counters before it is interpolated. Snapshots that are further
 * apart than ledger->watched become one unwatched slice.
 *
 * Where the tables are not those of the last snapshot, all counters begin at 0 again, at
 * snapshot->tables_since_s; where that is not known, at what they are, unless the database knows
 * these tables. Returns 0, -ENOMEM, or what close() returned.
 */
int ledger_take(struct ledger *ledger, const struct snapshot *snapshot, int64_t now, int64_t mark);

#define LEDGER_WATCHED 600 /* seconds: what ledger_init() sets */

/* Closes the open slice at the last snapshot. Returns 0, or what close() returned. */
int ledger_close(struct ledger *ledger);

/* The open slice, as of the last snapshot; its rows are valid until the next call. */
void ledger_open_slice(struct ledger *ledger, struct ledger_slice *slice);

/* The index of the series of a key; -ENOENT: none. */
int64_t ledger_find(const struct ledger *ledger, const struct history_key *key);

/* The index of the series of a key, which is added where there is none, or -ENOMEM. */
int64_t ledger_series(struct ledger *ledger, const struct history_key *key);

/* Copies the name; an empty one changes nothing. */
void ledger_rename(struct ledger_series *series, const char *name, const char *source);

/* Snapshots name the series again once its counter rises: a host that is still there comes back. */
void ledger_unname(struct ledger_series *series);

/* What the series has in the open slice, if that ends where its counter is at. */
struct mz_counts ledger_earned(const struct ledger_series *series, const struct mz_counts *at);

/*
 * Forgets series that left the tables, if nothing of them is in the open slice and they have no
 * recent_id. All indices change: call it when none is kept, and only where they are many.
 */
void ledger_compact(struct ledger *ledger);
bool ledger_has_many_gone(const struct ledger *ledger);

#endif
