/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the recent slices share. */
#ifndef MZ_HISTORY_RECENT_PRIVATE_H
#define MZ_HISTORY_RECENT_PRIVATE_H

#include "history/sqlite.h"
#include "model/history.h"

struct recent;

#define RECENT_KEY (2 * sizeof(struct history_key) + 1) /* bytes of a key as text */

/* A statement each, in the order of the texts in recent.c. */
enum recent_sql {
	RECENT_GET_POSITION,
	RECENT_NEW_POSITION,
	RECENT_SET_POSITION,
	RECENT_SET_BASE,
	RECENT_SET_WRITTEN,
	RECENT_EACH_SERIES,
	RECENT_NEW_SERIES,
	RECENT_SET_SERIES,
	RECENT_NEW_SLICE,
	RECENT_NEW_ROW,
	RECENT_SETTLE,
	RECENT_LAST_DATE,
	RECENT_FIND_SLICE,
	RECENT_EACH_SLICE,
	RECENT_EACH_ROW,
	RECENT_FIRST,
	RECENT_DROP_ROWS,
	RECENT_DROP_SLICES,
	RECENT_MIDDLE,
	RECENT_MERGED,
	RECENT_MERGED_DATE,
	RECENT_MERGE_ROWS,
	RECENT_MOVE_ROWS,
	RECENT_DROP_GONE,
	RECENT_ADD_TO_OTHER,
	RECENT_DROP_ROWS_OF,
	RECENT_UNNAME,
	RECENT_STATEMENTS
};

struct recent_statements {
	struct sqlite_statement sql[RECENT_STATEMENTS];
};

#define recent_sql(recent, which) (&(recent)->statements->sql[which])
#define recent_do(recent, which, ...)                                                              \
	sqlite_do(&(recent)->db, &(recent)->statements->sql[which], __VA_ARGS__)
#define recent_row(recent, which, ...)                                                             \
	sqlite_first(&(recent)->db, &(recent)->statements->sql[which], __VA_ARGS__)

/* Reads the number of the first slice. Returns 0 or -errno. */
int recent_read_first(struct recent *recent);

/* Begins a transaction; ends it, undone where error is not 0. Return 0 or -errno. */
int recent_begin(struct recent *recent);
int recent_end(struct recent *recent, int error);

#endif
