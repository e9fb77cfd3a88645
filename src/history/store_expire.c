// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of old rows, and how many there are. */
#include <errno.h>
#include <stdio.h>

#include "base/calendar.h"
#include "history/store.h"
#include "history/store_private.h"

struct hours {
	int64_t count, first, last; /* starts */
};

static int count_hours(struct store *store, struct hours *hours)
{
	struct sqlite_statement *count = &store->statements->sql[STORE_COUNT_HOURS];
	int error = store_first(store, STORE_COUNT_HOURS, "");

	*hours = (struct hours){0};
	if (error == 1)
		*hours = (struct hours){sqlite_integer(count, 0), sqlite_integer(count, 1),
			sqlite_integer(count, 2)};
	sqlite_done(count);
	return error < 0 ? error : 0;
}

/* Returns the count of the day's rows, or -errno. */
static int64_t count_day(struct store *store, int64_t start)
{
	struct sqlite_statement *count = &store->statements->sql[STORE_COUNT_DAY_TRAFFIC];
	int error = store_first(store, STORE_COUNT_DAY_TRAFFIC, "i", start);
	int64_t rows = error == 1 ? sqlite_integer(count, 0) : error;

	sqlite_done(count);
	return rows;
}

/* Makes a day of the hours from start to end. */
static int sum_day(struct store *store, const struct zone *zone, int64_t start, int64_t end)
{
	struct store_state *now = &store->statements->now;
	int64_t before = count_day(store, start), after = 0;
	int year, month, day, error;
	char date[32];

	calendar_date(zone_day_of(zone, start), &year, &month, &day);
	snprintf(date, sizeof(date), "%04d-%02d-%02d", year, month, day);
	error = before < 0 ? (int)before : 0;
	if (!error)
		error = store_do(store, STORE_SUM_DAY, "iiti", start, end, date,
			(int64_t)zone_offset(zone, start));
	if (!error)
		error = store_do(store, STORE_SUM_DAY_TRAFFIC, "ii", start, end);
	if (!error)
		after = count_day(store, start);
	if (after < 0)
		error = (int)after;
	if (!error)
		error = store_do(store, STORE_DROP_HOUR_TRAFFIC, "ii", start, end);
	if (error)
		return error;
	now->hour_rows -= (uint64_t)sqlite_changes(&store->db);
	now->day_rows += (uint64_t)(after - before);
	return store_do(store, STORE_DROP_HOURS, "ii", start, end);
}

/* Makes a day of the oldest hours. Returns 1; 0: they are of the newest day; or -errno. */
static int sum_oldest(struct store *store, const struct zone *zone, const struct hours *hours)
{
	int64_t day = zone_day_of(zone, hours->first);
	int error;

	if (hours->count == 0 || zone_day_of(zone, hours->last) <= day)
		return 0;
	/* A day that another zone made may begin a little before or behind this one: both stay. */
	error = sum_day(store, zone, zone_day_start(zone, day), zone_day_start(zone, day + 1));
	return error ? error : 1;
}

/* Returns 1; 0: there is none; or -errno. */
static int drop_oldest_day(struct store *store)
{
	struct sqlite_statement *find = &store->statements->sql[STORE_FIRST_DAY];
	int error = store_first(store, STORE_FIRST_DAY, "");
	bool none = error == 0 || (error == 1 && sqlite_is_null(find, 0));
	int64_t start = error == 1 && !none ? sqlite_integer(find, 0) : 0;

	sqlite_done(find);
	if (error < 0 || none)
		return error < 0 ? error : 0;
	error = store_do(store, STORE_DROP_DAY_TRAFFIC, "i", start);
	if (error)
		return error;
	store->statements->now.day_rows -= (uint64_t)sqlite_changes(&store->db);
	error = store_do(store, STORE_DROP_DAY, "i", start);
	return error ? error : 1;
}

static int set_shortened(struct store *store, bool shortened)
{
	if (store->shortened == shortened)
		return 0;
	store->shortened = shortened;
	store->statements->now.shortened = shortened;
	return store_do(store, STORE_SET_SHORTENED, "i", (int64_t)shortened);
}

/* Returns the count of held slices, or -errno. */
static int64_t count_held(struct store *store)
{
	struct sqlite_statement *count = &store->statements->sql[STORE_COUNT_HELD];
	int error = store_first(store, STORE_COUNT_HELD, "");
	int64_t held = error == 1 ? sqlite_integer(count, 0) : error;

	sqlite_done(count);
	return held;
}

/*
 * Where there are more than most held slices, makes hours of them. Returns 1; 0: there are not, or
 * they have no date at all; or -errno.
 */
static int limit_held(struct store *store, const struct zone *zone, int64_t most)
{
	int64_t held = count_held(store), left;
	int error;

	if (held <= most)
		return held < 0 ? (int)held : 0;
	error = store_settle_as_believed(store, zone);
	left = error ? error : count_held(store);
	return left < 0 ? (int)left : left < held;
}

/* Keeps to the limit. Says so until a larger one leaves room again. */
static int shorten(struct store *store, const struct zone *zone)
{
	struct hours hours;
	int error = 1, failed = 0;

	if (!store->limit)
		return 0;
	if (sqlite_bytes(&store->db) < store->limit / 4 * 3)
		return set_shortened(store, false);
	while (error == 1 && !failed && sqlite_bytes(&store->db) > store->limit) {
		error = count_hours(store, &hours);
		if (!error)
			error = sum_oldest(store, zone, &hours);
		if (!error)
			error = drop_oldest_day(store);
		if (!error) /* last: what waits for its date would never get the right one */
			error = limit_held(store, zone, 0);
		if (error == 1)
			failed = set_shortened(store, true);
	}
	return error < 0 ? error : failed;
}

int store_expire(struct store *store, const struct zone *zone)
{
	struct hours hours;
	bool began;
	int error = store_start(store, &began);

	store->statements->hour.known = false;
	if (!error) /* a clock that is never set must not keep rows for ever */
		error = limit_held(store, zone, STORE_HOURS);
	if (error > 0)
		error = 0;
	while (!error) {
		error = count_hours(store, &hours);
		if (error || hours.count <= STORE_HOURS)
			break;
		error = sum_oldest(store, zone, &hours);
		if (error != 1)
			break;
		error = 0;
	}
	if (!error)
		error = shorten(store, zone);
	if (!error)
		error = store_do(store, STORE_DROP_RECORDED, "");
	if (!error)
		error = store_do(store, STORE_DROP_BOOTS, "");
	store->statements->hour.known = false;
	return store_end(store, began, error);
}

int store_fill_report(struct store *store, struct history_report *report)
{
	struct sqlite_statement *get = &store->statements->sql[STORE_REPORT];
	const struct store_state *now = &store->statements->now;
	int error = store_first(store, STORE_REPORT, "");

	if (error != 1)
		return error;
	report->reach[HISTORY_HOUR] = sqlite_integer(get, 0);
	report->reach[HISTORY_DAY] = sqlite_integer(get, 1);
	if (sqlite_is_null(get, 1))
		report->reach[HISTORY_DAY] = report->reach[HISTORY_HOUR];
	report->reach[HISTORY_MONTH] = report->reach[HISTORY_DAY];
	report->hosts = (uint64_t)sqlite_integer(get, 2);
	sqlite_done(get);
	report->rows[HISTORY_HOUR] = now->hour_rows;
	report->rows[HISTORY_DAY] = report->rows[HISTORY_MONTH] = now->day_rows;
	report->bytes = sqlite_bytes(&store->db);
	report->bytes_limit = store->limit;
	return 0;
}
