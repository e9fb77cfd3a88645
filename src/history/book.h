/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From slices to hours. Adds up slices, in order of time, per hour and series; a slice that lies in
 * two hours is divided pro rata, so that the parts add up to it. Hours of slices without a date are
 * those of the date that is believed for now. Hours without rows are handed on, too.
 */
#ifndef MZ_HISTORY_BOOK_H
#define MZ_HISTORY_BOOK_H

#include "history/ledger.h"
#include "history/recent.h"
#include "history/zone.h"

/* An hour, or as much of it as the slices cover. */
struct book_hour {
	int64_t start, end;   /* the whole hour, seconds since 1970 */
	int64_t began, ended; /* of the first and last slice in it, clipped to it; CLOCK_BOOTTIME */
	int64_t offset;	      /* date - boot time */
	bool has_date;	      /* final */
	bool unwatched;	      /* a part of it */
};

struct book {
	const struct zone *zone;
	int64_t offset; /* for slices without a date */
	/* Gets each hour, in order, and its rows. Returns 0, or -errno, which book_*() return. */
	int (*take)(void *context, const struct book_hour *hour, const struct ledger_row *rows,
		size_t count);
	void *context;
	/* private: */
	struct book_hour hour;
	struct mz_counts *sums; /* per series; sums_room of them */
	struct ledger_row *rows;
	size_t sums_room, count;
	bool open;
};

/*
 * The caller sets what is above the line, and zeroes the rest. series_count: of the ledger. Returns
 * 0; -ENOMEM; what take() returned; -ERANGE: a slice that is longer than 136 years.
 */
int book_add(struct book *book, const struct recent_slice *slice, const struct ledger_row *rows,
	size_t count, size_t series_count);

/* Hands on the last hour. Returns 0 or what take() returned. */
int book_end(struct book *book);
void book_free(struct book *book);

/*
 * The part of total that belongs to the first elapsed of length seconds, rounded down. length: from
 * 1 to UINT32_MAX.
 */
uint64_t book_part(uint64_t total, uint64_t elapsed, uint64_t length);

#endif
