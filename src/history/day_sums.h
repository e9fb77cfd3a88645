/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the database has of single days, remembered in memory: a question about a year would
 * otherwise add up the hours of two months each time. Only what was asked for is here; whoever
 * changes the database's hours or days says so to day_sums_forget().
 */
#ifndef MZ_HISTORY_DAY_SUMS_H
#define MZ_HISTORY_DAY_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counts.h"

#define DAY_SUMS_ROWS 6500 /* of all days together, 40 bytes each: of 100 hosts in 62 days */

struct day_row {
	uint64_t host : 63, estimated : 1; /* the host's id in the database */
	struct mz_counts counts;
};

struct day_sum {
	int64_t start, end; /* which hours it is made of */
	int64_t date;	    /* and which days, since 1970 */
	struct mz_counts total;
	bool estimated;
	bool has_rows; /* else only the total is known */
	struct day_row *rows;
	size_t count;
};

/* All zero: empty. */
struct day_sums {
	struct day_sum *days; /* in order of start */
	size_t count, room;
	size_t row_count; /* of all days */
	int64_t version;  /* of the database, as other processes change it */
};

/* NULL: not known. Valid until the next call of another function. */
const struct day_sum *day_sums_find(
	const struct day_sums *sums, int64_t start, int64_t end, int64_t date);

/*
 * Remembers a day, or what is to be had of it: its rows are copied where there is room for them.
 * Without memory it remembers nothing.
 */
void day_sums_add(struct day_sums *sums, const struct day_sum *day);

/* The hour or day that begins at start has changed. sums: may be NULL. */
void day_sums_forget_hour(struct day_sums *sums, int64_t start);
void day_sums_forget_day(struct day_sums *sums, int64_t start);

/* Forgets all. */
void day_sums_free(struct day_sums *sums);

#endif
