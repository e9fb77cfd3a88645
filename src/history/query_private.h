/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the query share. A question is answered bucket by bucket (a bucket: an hour, a
 * day, ...), in order of time: find the next one that has anything, add up what each source has in
 * it, and write its rows. So memory grows with the number of hosts, not with the range.
 */
#ifndef MZ_HISTORY_QUERY_PRIVATE_H
#define MZ_HISTORY_QUERY_PRIVATE_H

#include "history/ledger.h"
#include "history/recent.h"
#include "history/store.h"
#include "history/zone.h"
#include "model/history.h"

struct query_sources;

#define QUERY_EARLIEST (-62135596800) /* the year 1, in seconds since 1970 */
#define QUERY_LATEST   253402300799   /* the end of the year 9999 */
#define QUERY_FEW      8	      /* hosts that are looked up one by one */

enum query_statement {
	QUERY_HOSTS,
	QUERY_HOURS,
	QUERY_HOUR_TRAFFIC,
	QUERY_HOUR_OF_HOST,
	QUERY_DAYS,
	QUERY_DAY_TRAFFIC,
	QUERY_DAY_OF_HOST,
	QUERY_HELD,
	QUERY_HELD_TRAFFIC,
	QUERY_RECORDED,
	QUERY_REACH,
	QUERY_STATEMENTS
};

/* A hash table from 64-bit hashes to numbers. Whoever looks up compares what has the same hash. */
struct query_map {
	struct query_slot {
		uint64_t hash;
		uint32_t value; /* plus 1; 0: free */
	} * slots;
	size_t room, count;
};

/* Returns the value at *at or behind it whose hash is that, and its place in *at; -1: none. */
int64_t query_map_find(const struct query_map *map, uint64_t hash, size_t *at);
size_t query_map_start(const struct query_map *map, uint64_t hash);
int query_map_add(struct query_map *map, uint64_t hash, uint32_t value);

struct query_host {
	struct history_key key;
	char *name; /* when the question met the host; NULL: none */
	char source[12];
	uint32_t group;
	bool asked; /* the question is about it */
};

/* The hosts that share a row. */
struct query_group {
	uint64_t rank; /* rows of a bucket are in order of it; seldom two have the same */
	uint32_t host; /* the first one */
	bool named;    /* all hosts of that name */
	/* of the bucket: */
	bool listed, estimated;
	struct mz_counts counts;
	/* of the message: */
	uint64_t message; /* the last one that has it */
	uint32_t index;
};

/* A slice that is in no hour yet, by the date that is believed. */
struct query_stretch {
	int64_t start, end; /* start < end */
	uint64_t number;    /* of the slice, or the held one's id */
	enum { QUERY_IS_RECENT, QUERY_IS_HELD, QUERY_IS_OPEN } kind;
	bool has_date, unwatched;
};

struct query_bucket {
	int64_t start, end;
	int64_t cut;		    /* what stretches have from start to here belongs to it */
	int64_t first_day, end_day; /* of days and months */
};

struct query {
	const struct query_sources *sources;
	struct history_question question;
	int64_t from, to;      /* buckets that begin in [from, to) */
	int64_t shown_to;      /* what the answer says */
	bool from_first;       /* from is the first bucket's start, which is not known yet */
	struct hash_seed seed; /* of the maps */

	struct query_host *hosts;
	size_t host_count, host_room;
	struct query_group *groups;
	size_t group_count, group_room;
	struct query_map by_id, by_key, by_name;
	uint32_t *of_series; /* host of each series of the ledger */
	size_t series_count;
	int64_t last_id; /* the highest one that was looked at, where hosts are chosen */
	int64_t ids[QUERY_FEW];
	size_t id_count; /* more than QUERY_FEW: not all are in ids */

	struct query_stretch *stretches; /* in order of start */
	size_t stretch_count, stretch_room;
	struct query_seen {
		uint64_t store, stored_slice, journal, last, proven;
		int64_t boot, offset, taken, closed;
	} seen; /* when the stretches were listed */
	bool has_seen;

	int64_t next, next_day; /* where the next bucket begins, at the earliest */
	struct query_bucket bucket;
	uint32_t *listed; /* groups that have rows in the bucket */
	size_t listed_count, listed_room, at;
	size_t end_at;	  /* rows of the bucket up to here belong to this answer */
	uint64_t scanned; /* rows of all sources, for this message */
	uint64_t rows;	  /* of this answer */
	uint64_t message; /* its number */
	uint32_t in_message[HISTORY_MESSAGE / sizeof(struct history_host) + 1]; /* groups */
	bool rows_done; /* of this answer: what is left are gaps */
	int64_t next_start;
	uint64_t next_row;

	struct {
		bool is_open; /* its statement; only during query_next() */
		int64_t start, end;
	} hour; /* the next one in the store */

	struct sqlite_statement statements[QUERY_STATEMENTS];
};

/* query_hosts.c */

/* The index of the host with that id in the store, or -errno. */
int64_t query_host_of_id(struct query *query, int64_t id);
/* Meets the ledger's series, and those of the store that the question chooses. 0 or -errno. */
int query_meet_hosts(struct query *query);
void query_free_hosts(struct query *query);
/* Adds to the row of the host. Returns 0 or -ENOMEM. */
int query_add(struct query *query, uint32_t host, const struct mz_counts *counts, bool estimated);
/* The same, by the host's id in the store. Returns 0 or -errno. */
int query_add_id(struct query *query, int64_t id, const struct mz_counts *counts, bool estimated);
/* Empties the bucket. */
void query_clear(struct query *query);
/* Puts the bucket's rows into order, and leaves out empty ones. */
void query_sort(struct query *query);

/* query_stretches.c */

/* Lists all stretches anew. Returns 0 or -errno. */
int query_list_stretches(struct query *query);
/* Adds what the stretches have in the bucket. */
int query_add_stretches(struct query *query);

/* query_store.c: what the store has. All of them return 0 or -errno, with no statement open but
 * that of query->hour. */

/* Goes to the first hour at or after query->next: query->hour; start INT64_MAX: none. */
int query_next_hour(struct query *query);
/* Adds that hour. */
int query_add_hour(struct query *query);
/* The first day on or after query->next_day, by its date; INT64_MAX: none. */
int query_next_stored_day(struct query *query, int64_t *day);
/* Adds the hours and days of the bucket, which is a day or a month. */
int query_add_days(struct query *query);
/* Calls take with host id and counts of each row of a held slice. */
int query_each_held(struct query *query, int64_t held,
	int (*take)(void *context, int64_t id, const struct mz_counts *counts), void *context);

/* query_buckets.c */

/* Begins at the first bucket that begins at start or later. */
void query_seek(struct query *query, int64_t start);
/* Finds the next bucket that may have rows, and passes it. 1; 0: none; or -errno. */
int query_find_bucket(struct query *query);

/* query_gaps.c: at most room gaps. Returns how many, or -errno. */
int query_gaps(struct query *query, struct history_gap *gaps, size_t room);

static inline struct sqlite_statement *query_statement(
	struct query *query, enum query_statement number)
{
	return &query->statements[number];
}

#endif
