/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the query reads from the database: docs/history.md has the tables. */
#include <errno.h>

#include "base/calendar.h"
#include "history/query.h"
#include "history/query_private.h"

/* Hours and days are read with start, estimated, the four counts, and one more column. */
#define AFTER_COUNTS 6

#define DAY 86400
#define AROUND                                                                                     \
	(DAY + DAY / 2) /* how far a day's start is from that of its date in UTC, at most          \
			 */

static int take_hour(struct query *query, int got)
{
	struct sqlite_statement *statement = query_statement(query, QUERY_HOURS);

	query->hour.is_open = got == 1;
	query->hour.start = query->hour.end = INT64_MAX;
	if (got == 1) {
		query->hour.start = sqlite_integer(statement, 0);
		query->hour.end = sqlite_integer(statement, AFTER_COUNTS);
	}
	return got < 0 ? got : 0;
}

int query_next_hour(struct query *query)
{
	struct sqlite_statement *statement = query_statement(query, QUERY_HOURS);
	int error = 0;

	if (!query->sources->store)
		return take_hour(query, 0);
	/* most often it is the next row */
	if (query->hour.is_open && query->hour.start < query->next)
		error = take_hour(query, sqlite_next(statement));
	if (!error && (!query->hour.is_open || query->hour.start < query->next))
		error = take_hour(query,
			sqlite_first(&query->sources->store->db, statement, "i", query->next));
	return error;
}

/* Goes to the first day from day on, in order of start. */
static int first_day(struct query *query, int64_t day)
{
	return sqlite_first(&query->sources->store->db, query_statement(query, QUERY_DAYS), "i",
		day * DAY - AROUND);
}

/* The date that the day was recorded by: the zone may be another one since. */
static int64_t date_of(struct sqlite_statement *statement)
{
	return floor_div(
		sqlite_integer(statement, 0) + sqlite_integer(statement, AFTER_COUNTS), DAY);
}

int query_next_stored_day(struct query *query, int64_t *day)
{
	struct sqlite_statement *statement = query_statement(query, QUERY_DAYS);
	int got;

	*day = INT64_MAX;
	if (!query->sources->store)
		return 0;
	for (got = first_day(query, query->next_day); got == 1; got = sqlite_next(statement)) {
		int64_t date = date_of(statement);

		if (*day != INT64_MAX && sqlite_integer(statement, 0) > *day * DAY + AROUND)
			break;
		if (date >= query->next_day && date < *day)
			*day = date;
	}
	sqlite_done(statement);
	return got < 0 ? got : 0;
}

/* Adds the rows of a statement: host id, and counts. */
static int add_rows(
	struct query *query, struct sqlite_statement *statement, int got, bool estimated)
{
	int error = 0;

	for (; got == 1 && !error; got = error ? 0 : sqlite_next(statement)) {
		struct mz_counts counts = sqlite_counts(statement, 1);

		error = query_add_id(query, sqlite_integer(statement, 0), &counts, estimated);
	}
	sqlite_done(statement);
	return error ? error : got;
}

/*
 * Adds what happened in the hour or day that a statement is at: its sum, where that is all that is
 * asked for, or its rows in a table of traffic, all of them or those of the chosen hosts.
 */
static int add_traffic(struct query *query, enum query_statement at, enum query_statement of_all,
	enum query_statement of_host)
{
	struct sqlite *db = &query->sources->store->db;
	struct sqlite_statement *statement = query_statement(query, of_all);
	bool everybody = query->question.who == HISTORY_EVERYBODY;
	bool estimated = sqlite_integer(query_statement(query, at), 1) != 0;
	int64_t start = sqlite_integer(query_statement(query, at), 0);
	int error = 0;

	if (everybody && query->question.by == HISTORY_BY_TOTAL) {
		struct mz_counts sum = sqlite_counts(query_statement(query, at), 2);

		query->scanned++;
		return query_add(query, 0, &sum, estimated);
	}
	if (everybody || query->id_count > QUERY_FEW)
		return add_rows(
			query, statement, sqlite_first(db, statement, "i", start), estimated);
	statement = query_statement(query, of_host);
	for (size_t i = 0; i < query->id_count && !error; i++) {
		int got = sqlite_first(db, statement, "ii", start, query->ids[i]);

		error = add_rows(query, statement, got, estimated);
	}
	return error;
}

int query_add_hour(struct query *query)
{
	return add_traffic(query, QUERY_HOURS, QUERY_HOUR_TRAFFIC, QUERY_HOUR_OF_HOST);
}

/* Adds the hours of the bucket, of which the next one is the first. */
static int add_hours(struct query *query)
{
	int error = 0;

	while (query->hour.start < query->bucket.end && !error) {
		error = query_add_hour(query);
		if (!error)
			error = take_hour(query, sqlite_next(query_statement(query, QUERY_HOURS)));
	}
	return error;
}

int query_add_days(struct query *query)
{
	struct sqlite_statement *statement = query_statement(query, QUERY_DAYS);
	int64_t first = query->bucket.first_day, end = query->bucket.end_day;
	int error, got;

	if (!query->sources->store)
		return 0;
	error = add_hours(query);
	for (got = error ? 0 : first_day(query, first); got == 1 && !error;
		got = error ? 0 : sqlite_next(statement)) {
		int64_t date = date_of(statement);

		if (sqlite_integer(statement, 0) > end * DAY + AROUND)
			break;
		if (date >= first && date < end)
			error = add_traffic(
				query, QUERY_DAYS, QUERY_DAY_TRAFFIC, QUERY_DAY_OF_HOST);
	}
	sqlite_done(statement);
	return error ? error : got < 0 ? got : 0;
}

int query_each_held(struct query *query, int64_t held,
	int (*take)(void *context, int64_t id, const struct mz_counts *counts), void *context)
{
	struct sqlite_statement *statement = query_statement(query, QUERY_HELD_TRAFFIC);
	int error = 0, got;

	for (got = sqlite_first(&query->sources->store->db, statement, "i", held);
		got == 1 && !error; got = error ? 0 : sqlite_next(statement)) {
		struct mz_counts counts = sqlite_counts(statement, 1);

		error = take(context, sqlite_integer(statement, 0), &counts);
	}
	sqlite_done(statement);
	return error ? error : got;
}
