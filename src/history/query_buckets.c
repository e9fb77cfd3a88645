/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bucket is next: the first one that any source has something in. */
#include "history/query.h"
#include "history/query_private.h"

#define HOUR 3600 /* seconds: no bucket of that step is longer */

static bool is_of_days(const struct query *query)
{
	return query->question.step == HISTORY_DAY || query->question.step == HISTORY_MONTH;
}

/* The days of the bucket that the day is in. */
static void days_of(const struct query *query, int64_t day, int64_t *first, int64_t *end)
{
	*first = day;
	*end = day + 1;
	if (query->question.step == HISTORY_MONTH)
		zone_month(day, query->question.month_start, first, end);
}

void query_seek(struct query *query, int64_t start)
{
	const struct zone *zone = query->sources->zone;
	int64_t first, end;

	query->next = start;
	if (!is_of_days(query))
		return;
	days_of(query, zone_day_of(zone, start), &first, &end);
	query->next_day = zone_day_start(zone, first) < start ? end : first;
}

static int find_5m(struct query *query)
{
	struct query_bucket *bucket = &query->bucket;

	for (size_t i = 0; i < query->stretch_count; i++) {
		const struct query_stretch *stretch = &query->stretches[i];

		if (stretch->start < query->next)
			continue;
		if (bucket->start != INT64_MAX && stretch->start > bucket->start)
			break;
		if (bucket->start == INT64_MAX || stretch->end > bucket->end)
			bucket->end = stretch->end;
		bucket->start = stretch->start;
	}
	bucket->cut = bucket->end;
	query->next = bucket->start == INT64_MAX ? INT64_MAX : bucket->start + 1;
	return 0;
}

static int find_hour(struct query *query)
{
	const struct zone *zone = query->sources->zone;
	struct query_bucket *bucket = &query->bucket;
	int64_t next, start, end;
	int error = query->next == INT64_MAX ? 0 : query_next_hour(query);

	if (error || query->next == INT64_MAX)
		return error;
	bucket->start = query->hour.start;
	bucket->end = query->hour.end;
	/* stretches are cut into the hours of the zone, of which only whole ones are left */
	zone_hour(zone, query->next, &start, &end);
	next = start == query->next ? start : end;
	for (size_t i = 0; i < query->stretch_count; i++) {
		const struct query_stretch *stretch = &query->stretches[i];

		if (stretch->end <= next)
			continue;
		if (bucket->start != INT64_MAX && stretch->start >= bucket->start + HOUR)
			break; /* so is the hour that it is in */
		zone_hour(zone, stretch->start > next ? stretch->start : next, &start, &end);
		if (start < bucket->start || (start == bucket->start && end > bucket->end)) {
			bucket->start = start;
			bucket->end = end;
		}
	}
	query->next = INT64_MAX;
	if (bucket->start == INT64_MAX)
		return 0;
	query->next = bucket->start + 1;
	/* where the zone has other hours than the database, each has its own row */
	zone_hour(zone, bucket->start, &start, &end);
	bucket->cut = start == bucket->start ? end : start;
	return 0;
}

static int find_day(struct query *query)
{
	const struct zone *zone = query->sources->zone;
	struct query_bucket *bucket = &query->bucket;
	int64_t first = INT64_MAX, next, date;
	int error;

	if (query->next_day == INT64_MAX)
		return 0;
	next = zone_day_start(zone, query->next_day);
	error = query_next_stored_day(query, &first);
	if (!error) {
		query->next = next;
		error = query_next_hour(query);
	}
	if (error)
		return error;
	if (query->hour.start != INT64_MAX) {
		date = zone_day_of(zone, query->hour.start);
		first = date < first ? date : first;
	}
	for (size_t i = 0; i < query->stretch_count; i++) {
		const struct query_stretch *stretch = &query->stretches[i];

		if (stretch->end <= next)
			continue;
		date = zone_day_of(zone, stretch->start > next ? stretch->start : next);
		first = date < first ? date : first;
		break; /* no later one is before that */
	}
	if (first != INT64_MAX) {
		days_of(query, first, &bucket->first_day, &bucket->end_day);
		bucket->start = zone_day_start(zone, bucket->first_day);
		bucket->cut = bucket->end = zone_day_start(zone, bucket->end_day);
	}
	query->next_day = first == INT64_MAX ? INT64_MAX : bucket->end_day;
	return 0;
}

int query_find_bucket(struct query *query)
{
	int error;

	query->bucket = (struct query_bucket){.start = INT64_MAX, .end = INT64_MAX};
	if (is_of_days(query))
		error = find_day(query);
	else if (query->question.step == HISTORY_HOUR)
		error = find_hour(query);
	else
		error = find_5m(query);
	if (error)
		return error;
	return query->bucket.start < query->to;
}
