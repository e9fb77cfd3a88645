/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Days of the database, each added up once: see day_sums.h. */
#include <errno.h>

#include "base/array.h"
#include "history/query.h"
#include "history/query_private.h"
#include "history/sums.h"

int query_check_days(struct query *query)
{
	struct store *store = query->sources->store;
	int64_t version;

	if (!store)
		return 0;
	version = sqlite_pragma(&store->db, "data_version");
	if (version < 0)
		return (int)version;
	if (version != store->sums.version)
		day_sums_free(&store->sums);
	store->sums.version = version;
	return 0;
}

int query_add_to_day(struct query *query, uint32_t host, int64_t id, const struct mz_counts *counts,
	bool estimated)
{
	struct query_host *of = &query->hosts[host];
	struct day_sum *day = &query->day;
	struct day_row *grown;

	if (of->day_number != query->day_number) {
		grown = array_grow(day->rows, day->count, &query->day_room, 64, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		day->rows = grown;
		of->day_number = query->day_number;
		of->day_row = (uint32_t)day->count++;
		day->rows[of->day_row] = (struct day_row){.host = (uint64_t)id};
	}
	day->rows[of->day_row].estimated |= estimated;
	sums_add(&day->rows[of->day_row].counts, counts);
	day->estimated |= estimated;
	sums_add(&day->total, counts);
	return 0;
}

/* Adds up what the database has of the day. */
static int read_day(struct query *query, struct day_sum range)
{
	struct day_sum *day = &query->day;
	int error;

	range.has_rows = true;
	range.rows = day->rows;
	*day = range;
	query->day_number++;
	query->adds_day_up = true;
	error = query_add_hours(query, day->start, day->end);
	if (!error)
		error = query_add_days(query, day->date, day->date + 1);
	query->adds_day_up = false;
	return error;
}

static int add_rows(struct query *query, const struct day_sum *day)
{
	int error = 0;

	if (query->question.by == HISTORY_BY_TOTAL)
		return query_add(query, 0, &day->total, day->estimated);
	for (size_t i = 0; i < day->count && !error; i++) {
		int64_t host = query_host_of_id(query, day->rows[i].host);

		error = host < 0 ? (int)host
				 : query_add(query, (uint32_t)host, &day->rows[i].counts,
					   day->rows[i].estimated);
	}
	return error;
}

static int add_day(struct query *query, int64_t date)
{
	const struct zone *zone = query->sources->zone;
	struct day_sums *sums = &query->sources->store->sums;
	struct day_sum range = {.start = zone_day_start(zone, date),
		.end = zone_day_start(zone, date + 1),
		.date = date};
	const struct day_sum *day = day_sums_find(sums, range.start, range.end, date);
	int error;

	if (day && (day->has_rows || query->question.by == HISTORY_BY_TOTAL))
		return add_rows(query, day);
	error = read_day(query, range);
	if (error)
		return error;
	day_sums_add(sums, &query->day);
	return add_rows(query, &query->day);
}

int query_add_stored_days(struct query *query)
{
	const struct query_bucket *bucket = &query->bucket;
	int error = 0;

	if (!query->sources->store)
		return 0;
	if (query->question.who != HISTORY_EVERYBODY) {
		error = query_add_hours(query, bucket->start, bucket->end);
		return error ? error : query_add_days(query, bucket->first_day, bucket->end_day);
	}
	for (int64_t date = bucket->first_day; date < bucket->end_day && !error; date++)
		error = add_day(query, date);
	return error;
}
