// SPDX-License-Identifier: GPL-2.0-or-later
/* What is added to hours and days, and what waits for its date. */
#include <errno.h>
#include <stdio.h>

#include "base/calendar.h"
#include "history/store.h"
#include "history/store_private.h"

/* No held row that was never settled is older: a clock that says so is one that was not set. */
#define EARLIEST 1704067200 /* 2024-01-01 */

/* Adds to the row of (start, host), or makes it. rows: of its table. */
static int add_traffic(struct store *store, enum store_sql make, enum store_sql add, int64_t start,
	int64_t host, const struct mz_counts *counts, uint64_t *rows)
{
	int error = store_do(store, make, "iic", start, host, counts);

	if (error)
		return error;
	if (sqlite_changes(&store->db)) {
		++*rows;
		return 0;
	}
	return store_do(store, add, "iic", start, host, counts);
}

static int add_hour_traffic(
	struct store *store, int64_t start, int64_t host, const struct mz_counts *counts)
{
	int error = add_traffic(store, STORE_HOUR_TRAFFIC, STORE_ADD_HOUR_TRAFFIC, start, host,
		counts, &store->statements->now.hour_rows);

	return error ? error : store_do(store, STORE_ADD_HOUR_SUM, "ic", start, counts);
}

static int add_day_traffic(
	struct store *store, int64_t start, int64_t host, const struct mz_counts *counts)
{
	int error = add_traffic(store, STORE_DAY_TRAFFIC, STORE_ADD_DAY_TRAFFIC, start, host,
		counts, &store->statements->now.day_rows);

	return error ? error : store_do(store, STORE_ADD_DAY_SUM, "ic", start, counts);
}

/* Finds where the counts of an hour belong, and makes its row. */
static int enter_hour(struct store *store, const struct zone *zone, int64_t start, int64_t end,
	bool estimated, struct store_hour *hour)
{
	struct sqlite_statement *find = &store->statements->sql[STORE_DAY_OF_HOUR];
	int error;

	*hour = (struct store_hour){.start = start, .end = end, .estimated = estimated};
	error = store_first(store, STORE_DAY_OF_HOUR, "i", start);
	hour->in_day = error == 1;
	hour->day = hour->in_day ? sqlite_integer(find, 0) : 0;
	sqlite_done(find);
	if (error < 0)
		return error;
	if (!hour->in_day)
		error = store_do(store, STORE_HOUR, "iiii", start, end,
			(int64_t)zone_offset(zone, start), (int64_t)estimated);
	else if (estimated)
		error = store_do(store, STORE_DAY_ESTIMATED, "i", hour->day);
	else
		error = 0;
	hour->known = !error;
	return error;
}

int store_add_hour(struct store *store, const struct zone *zone, int64_t start, int64_t end,
	bool estimated, int64_t host, const struct mz_counts *counts)
{
	struct store_hour *hour = &store->statements->hour;
	bool began;
	int error = store_start(store, &began);

	if (!error && (began || !hour->known || hour->start != start || hour->end != end ||
			      (estimated && !hour->estimated)))
		error = enter_hour(store, zone, start, end, estimated, hour);
	if (!error && hour->in_day)
		error = add_day_traffic(store, hour->day, host, counts);
	else if (!error)
		error = add_hour_traffic(store, start, host, counts);
	return store_end(store, began, error);
}

int store_add_day(struct store *store, const struct zone *zone, int64_t day, bool estimated,
	int64_t host, const struct mz_counts *counts)
{
	int64_t start = zone_day_start(zone, day), end = zone_day_start(zone, day + 1);
	int year, month, day_of_month, error;
	char date[32];
	bool began;

	calendar_date(day, &year, &month, &day_of_month);
	snprintf(date, sizeof(date), "%04d-%02d-%02d", year, month, day_of_month);
	error = store_start(store, &began);
	if (!error)
		error = store_do(store, STORE_DAY, "iitii", start, end, date,
			(int64_t)zone_offset(zone, start), (int64_t)estimated);
	if (!error)
		error = add_day_traffic(store, start, host, counts);
	return store_end(store, began, error);
}

int64_t store_new_held(
	struct store *store, int64_t boot, int64_t began, int64_t ended, bool unwatched)
{
	int error = store_do(store, STORE_NEW_HELD, "iiii", boot, began, ended, (int64_t)unwatched);

	return error ? error : sqlite_last_id(&store->db);
}

int store_add_held(struct store *store, int64_t held, int64_t host, const struct mz_counts *counts)
{
	return store_do(store, STORE_HELD_TRAFFIC, "iic", held, host, counts);
}

/* The part of total that belongs to the first elapsed of length seconds, rounded down. */
static uint64_t part(uint64_t total, int64_t elapsed, int64_t length)
{
	uint64_t whole = total / (uint64_t)length, rest = total % (uint64_t)length;

	return whole * (uint64_t)elapsed + rest * (uint64_t)elapsed / (uint64_t)length;
}

/* The counts of [from, to) of a slice that is length seconds long. */
static struct mz_counts cut(const struct mz_counts *total, int64_t from, int64_t to, int64_t length)
{
	struct mz_counts counts;

	for (int i = 0; i < MZ_DIRECTIONS; i++) {
		counts.bytes[i] =
			part(total->bytes[i], to, length) - part(total->bytes[i], from, length);
		counts.packets[i] =
			part(total->packets[i], to, length) - part(total->packets[i], from, length);
	}
	return counts;
}

static bool is_zero(const struct mz_counts *counts)
{
	return !(counts->bytes[0] | counts->bytes[1] | counts->packets[0] | counts->packets[1]);
}

/* Adds what was counted in [began, ended) to the hours that it lies in. */
static int spread(struct store *store, const struct zone *zone, int64_t began, int64_t ended,
	bool estimated, int64_t host, const struct mz_counts *total)
{
	int64_t start, end, to, length = ended - began;
	struct mz_counts counts;
	int error = 0;

	for (int64_t from = began; !error; from = to) {
		zone_hour(zone, from, &start, &end);
		to = end < ended ? end : ended;
		counts = length > 0 ? cut(total, from - began, to - began, length) : *total;
		if (!is_zero(&counts))
			error = store_add_hour(store, zone, start, end, estimated, host, &counts);
		if (to >= ended)
			break;
	}
	return error;
}

static int settle_boot(
	struct store *store, const struct zone *zone, int64_t boot, int64_t offset, bool estimated)
{
	struct sqlite_statement *each = &store->statements->sql[STORE_EACH_HELD];
	struct mz_counts counts;
	int error, row;

	for (row = store_first(store, STORE_EACH_HELD, "i", boot), error = row < 0 ? row : 0;
		row == 1 && !error;) {
		counts = sqlite_counts(each, 4);
		error = spread(store, zone, sqlite_integer(each, 0) + offset,
			sqlite_integer(each, 1) + offset, estimated || sqlite_integer(each, 2),
			sqlite_integer(each, 3), &counts);
		if (!error) {
			row = sqlite_next(each);
			error = row < 0 ? row : 0;
		}
	}
	sqlite_done(each);
	if (!error)
		error = store_do(store, STORE_DROP_HELD_TRAFFIC, "i", boot);
	if (!error)
		error = store_do(store, STORE_DROP_HELD, "i", boot);
	if (!error)
		error = store_do(store, STORE_SETTLE_BOOT, "ii", boot, offset);
	return error;
}

int64_t store_last_final(struct store *store)
{
	struct sqlite_statement *last = &store->statements->sql[STORE_LAST_FINAL];
	int error = store_first(store, STORE_LAST_FINAL, "");
	int64_t start = error == 1 ? sqlite_integer(last, 0) : error;

	sqlite_done(last);
	return start;
}

/* Settles the boots before this one, which began at date limit; the last one first. */
static int settle_earlier(struct store *store, const struct zone *zone, int64_t boot, int64_t limit)
{
	struct sqlite_statement *find = &store->statements->sql[STORE_HELD_BOOT];
	int64_t floor = store_last_final(store), offset, began, ended;
	int error = floor < 0 ? (int)floor : 0;

	if (floor < EARLIEST)
		floor = EARLIEST;
	while (error >= 0 && (error = store_first(store, STORE_HELD_BOOT, "i", boot)) == 1) {
		boot = sqlite_integer(find, 0);
		offset = sqlite_integer(find, 1);
		began = sqlite_integer(find, 2);
		ended = sqlite_integer(find, 3);
		if (sqlite_is_null(find, 1) || began + offset < floor || ended + offset > limit)
			offset = limit - ended;
		sqlite_done(find);
		error = settle_boot(store, zone, boot, offset, true);
		limit = offset;
	}
	return error;
}

int store_settle_as_believed(struct store *store, const struct zone *zone)
{
	struct sqlite_statement *find = &store->statements->sql[STORE_HELD_BOOT];
	int64_t boot = INT64_MAX, offset;
	int error = 0;

	while (error >= 0 && (error = store_first(store, STORE_HELD_BOOT, "i", boot)) == 1) {
		bool has_date = !sqlite_is_null(find, 1);

		boot = sqlite_integer(find, 0);
		offset = sqlite_integer(find, 1);
		sqlite_done(find);
		if (has_date)
			error = settle_boot(store, zone, boot, offset, true);
	}
	return error;
}

int store_settle(struct store *store, const struct zone *zone, int64_t boot, int64_t offset)
{
	bool began;
	int error = store_start(store, &began);

	if (!error)
		error = settle_earlier(store, zone, boot, offset);
	if (!error)
		error = settle_boot(store, zone, boot, offset, false);
	return store_end(store, began, error);
}

int store_add_recorded(struct store *store, int64_t start, int64_t end, int reason)
{
	struct sqlite_statement *find = &store->statements->sql[STORE_FIND_RECORDED];
	int error = store_first(store, STORE_FIND_RECORDED, "i", start);

	if (error == 1)
		start = sqlite_integer(find, 0);
	sqlite_done(find);
	if (error < 0 || start > end)
		return error < 0 ? error : 0;
	return store_do(store, STORE_RECORDED, "iii", start, end, (int64_t)reason);
}
