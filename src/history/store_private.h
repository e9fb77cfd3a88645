/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the store share. */
#ifndef MZ_HISTORY_STORE_PRIVATE_H
#define MZ_HISTORY_STORE_PRIVATE_H

#include "history/sqlite.h"

struct store;
struct zone;

#define STORE_APPLICATION 0x4d5a5241 /* PRAGMA application_id, for file(1): "MZRA" */

/* The statements, whose texts are in store_texts. */
enum store_sql {
	STORE_FIND_BOOT,
	STORE_NEW_BOOT,
	STORE_SET_BOOT,
	STORE_GET_POSITION,
	STORE_SET_POSITION,
	STORE_CLEAR_COUNTERS,
	STORE_SET_COUNTER,
	STORE_EACH_COUNTER,
	STORE_FIND_HOST,
	STORE_NEW_HOST,
	STORE_NAME_HOST,
	STORE_GET_HOST,
	STORE_NEXT_FORGOTTEN,
	STORE_DAY_OF_HOUR,
	STORE_HOUR,
	STORE_HOUR_TRAFFIC,
	STORE_ADD_HOUR_TRAFFIC,
	STORE_DAY,
	STORE_DAY_ESTIMATED,
	STORE_DAY_TRAFFIC,
	STORE_ADD_DAY_TRAFFIC,
	STORE_ADD_HOUR_SUM,
	STORE_ADD_DAY_SUM,
	STORE_NEW_HELD,
	STORE_HELD_TRAFFIC,
	STORE_EACH_HELD,
	STORE_HELD_BOOT,
	STORE_COUNT_HELD,
	STORE_LAST_FINAL,
	STORE_DROP_HELD_TRAFFIC,
	STORE_DROP_HELD,
	STORE_SETTLE_BOOT,
	STORE_PROVE_BOOT,
	STORE_BOOT_PROOF,
	STORE_FIND_RECORDED,
	STORE_RECORDED,
	STORE_COUNT_HOURS,
	STORE_SUM_DAY,
	STORE_SUM_DAY_TRAFFIC,
	STORE_COUNT_DAY_TRAFFIC,
	STORE_DROP_HOUR_TRAFFIC,
	STORE_DROP_HOURS,
	STORE_FIRST_DAY,
	STORE_DROP_DAY_TRAFFIC,
	STORE_DROP_DAY,
	STORE_DROP_RECORDED,
	STORE_DROP_BOOTS,
	STORE_SET_SHORTENED,
	STORE_COUNT_ROWS,
	STORE_DROP_HOSTS,
	STORE_REPORT,
	STORE_STATEMENTS
};

extern const char *const store_texts[STORE_STATEMENTS];

/* The hour that counts were last added to: rows of one hour come one after the other. */
struct store_hour {
	int64_t start, end;
	int64_t day; /* the start of the day that it is a part of already, where in_day */
	bool known, in_day, estimated;
};

/* What store_fill_report() tells, so that it need not count all rows. */
struct store_state {
	uint64_t hour_rows, day_rows; /* of hour_traffic and day_traffic */
	bool shortened;
};

struct store_statements {
	struct sqlite_statement sql[STORE_STATEMENTS];
	struct store_hour hour;
	struct store_state now, committed;
};

#define store_do(store, which, ...)                                                                \
	sqlite_do(&(store)->db, &(store)->statements->sql[which], __VA_ARGS__)
#define store_first(store, which, ...)                                                             \
	sqlite_first(&(store)->db, &(store)->statements->sql[which], __VA_ARGS__)

/* Makes the tables, in a new database. Returns 0 or -errno. */
int store_make_schema(struct store *store);

/* Returns 0; -ENOENT: there are no tables yet; -EUCLEAN; -EMEDIUMTYPE; or another -errno. */
int store_check_schema(struct store *store);

/* Reads the whole database: 0, -EUCLEAN, or another -errno. thorough: takes several times as long.
 */
int store_check_pages(struct store *store, bool thorough);

/*
 * Makes estimated hours of all held rows whose boot has a date, as it is believed: no more of them
 * can be kept. Returns 0 or -errno.
 */
int store_settle_as_believed(struct store *store, const struct zone *zone);

/*
 * Begins a transaction where none is open. store_end() commits it if store_start() began it
 * (*began) and error is 0, or else rolls it back; returns error, or that of the commit.
 */
int store_start(struct store *store, bool *began);
int store_end(struct store *store, bool began, int error);

#endif
