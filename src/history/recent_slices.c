// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the recent slices, and keeping them within their limit. */
#include <errno.h>
#include <stdlib.h>

#include "history/recent.h"
#include "history/recent_private.h"

#define AT_A_TIME 12 /* slices to remove: an hour */

/* Which index of the ledger a series of the database has. */
struct index {
	uint32_t *of;
	size_t count;
};

static int make_index(struct index *index, const struct ledger *ledger)
{
	*index = (struct index){0};
	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->series[i].recent_id >= (int64_t)index->count)
			index->count = (size_t)ledger->series[i].recent_id + 1;
	index->of = malloc((index->count + 1) * sizeof(*index->of));
	if (!index->of)
		return -ENOMEM;
	for (size_t i = 0; i < index->count; i++)
		index->of[i] = UINT32_MAX;
	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->series[i].recent_id > 0)
			index->of[ledger->series[i].recent_id] = (uint32_t)i;
	return 0;
}

typedef int take_slice(
	void *context, const struct recent_slice *slice, const struct ledger_row *row);

static int each_row(struct recent *recent, const struct index *index,
	const struct recent_slice *slice, take_slice *take, void *context)
{
	struct sqlite_statement *statement = recent_sql(recent, RECENT_EACH_ROW);
	int found, error = 0;

	for (found = recent_row(recent, RECENT_EACH_ROW, "i", (int64_t)slice->number);
		found == 1 && !error; found = error ? 0 : sqlite_next(statement)) {
		uint64_t id = (uint64_t)sqlite_integer(statement, 0);
		struct ledger_row row = {.counts = sqlite_counts(statement, 1)};

		row.series = id < index->count ? index->of[id] : UINT32_MAX;
		error = row.series == UINT32_MAX ? -EUCLEAN : take(context, slice, &row);
	}
	if (error)
		sqlite_done(statement);
	return error ? error : found;
}

int recent_each(struct recent *recent, struct ledger *ledger, uint64_t number, take_slice *take,
	void *context)
{
	struct sqlite_statement *statement = recent_sql(recent, RECENT_EACH_SLICE);
	struct index index;
	int found, error = make_index(&index, ledger);

	if (error)
		return error;
	for (found = recent_row(recent, RECENT_EACH_SLICE, "i", (int64_t)number);
		found == 1 && !error; found = error ? 0 : sqlite_next(statement)) {
		const struct recent_slice slice = {.number = (uint64_t)sqlite_integer(statement, 0),
			.began = sqlite_integer(statement, 1),
			.ended = sqlite_integer(statement, 2),
			.offset = sqlite_integer(statement, 3),
			.has_date = !sqlite_is_null(statement, 3),
			.unwatched = sqlite_integer(statement, 4)};

		error = take(context, &slice, NULL);
		if (!error)
			error = each_row(recent, &index, &slice, take, context);
	}
	if (error)
		sqlite_done(statement);
	free(index.of);
	return error ? error : found;
}

static int remove_slices(struct recent *recent, uint64_t after, uint64_t last)
{
	int error = recent_do(recent, RECENT_DROP_ROWS, "ii", (int64_t)after, (int64_t)last);

	if (!error)
		error = recent_do(recent, RECENT_DROP_SLICES, "ii", (int64_t)after, (int64_t)last);
	return error;
}

static int drop(struct recent *recent, uint64_t last)
{
	const struct recent_mark base = {recent->journal, last}, before = recent->base;
	int error = recent_begin(recent);

	if (error)
		return error;
	error = remove_slices(recent, 0, last);
	if (!error)
		error = recent_set_base(recent, &base);
	error = recent_end(recent, error);
	if (error)
		recent->base = before;
	return error ? error : recent_read_first(recent);
}

/* In a transaction. Sums get the number 0 until those that they are made of are gone. */
static int merge(struct recent *recent, uint64_t after, uint64_t last, int64_t began, int64_t ended)
{
	struct sqlite_statement *date = recent_sql(recent, RECENT_MERGED_DATE);
	int found = recent_row(recent, RECENT_MERGED_DATE, "ii", (int64_t)after, (int64_t)last);
	int64_t offset = 0;
	int error;

	if (found < 0)
		return found;
	if (found) {
		offset = sqlite_integer(date, 0);
		sqlite_done(date);
	}
	error = recent_do(recent, RECENT_MERGE_ROWS, "ii", (int64_t)after, (int64_t)last);
	if (!error)
		error = remove_slices(recent, after, last);
	if (!error)
		error = recent_do(recent, RECENT_MOVE_ROWS, "i", (int64_t)last);
	if (!error)
		error = recent_do(recent, RECENT_NEW_SLICE, "iiiiii", (int64_t)last, began, ended,
			(int64_t)found, offset, (int64_t)1);
	return error;
}

/* Merges the older half of the slices after a number. Returns 0, -ENOENT for fewer than two. */
static int merge_half(struct recent *recent, uint64_t after)
{
	struct sqlite_statement *middle = recent_sql(recent, RECENT_MIDDLE);
	struct sqlite_statement *half = recent_sql(recent, RECENT_MERGED);
	int64_t last, began, ended, count;
	int found = recent_row(recent, RECENT_MIDDLE, "ii", (int64_t)after, (int64_t)after);
	int error;

	if (found < 1)
		return found ? found : -ENOENT;
	last = sqlite_integer(middle, 0);
	sqlite_done(middle);
	found = recent_row(recent, RECENT_MERGED, "ii", (int64_t)after, last);
	if (found < 1)
		return found ? found : -ENOENT;
	began = sqlite_integer(half, 0);
	ended = sqlite_integer(half, 1);
	count = sqlite_integer(half, 2);
	sqlite_done(half);
	if (count < 2)
		return -ENOENT;
	error = recent_begin(recent);
	if (error)
		return error;
	error = recent_end(recent, merge(recent, after, (uint64_t)last, began, ended));
	return error ? error : recent_read_first(recent);
}

int recent_prune(struct recent *recent, uint64_t stored)
{
	int error = 0;

	while (!error && sqlite_bytes(&recent->db) > recent->limit) {
		if (recent->first && recent->first <= stored) {
			uint64_t last = recent->first + AT_A_TIME - 1;

			error = drop(recent, last < stored ? last : stored);
		} else {
			error = merge_half(recent, stored);
		}
	}
	return error == -ENOENT ? 0 : error;
}

/* Leaves those series in the index that the database does not have any more. */
static int find_dropped(struct recent *recent, struct index *index)
{
	struct sqlite_statement *row = recent_sql(recent, RECENT_EACH_SERIES);
	int found;

	for (found = recent_row(recent, RECENT_EACH_SERIES, ""); found == 1;
		found = sqlite_next(row)) {
		uint64_t id = (uint64_t)sqlite_integer(row, 0);

		if (id < index->count)
			index->of[id] = UINT32_MAX;
	}
	return found;
}

int recent_drop_gone(struct recent *recent, struct ledger *ledger)
{
	struct index index;
	int error = make_index(&index, ledger);

	if (error)
		return error;
	error = recent_begin(recent);
	if (!error) {
		error = recent_do(recent, RECENT_DROP_GONE, "");
		if (!error)
			error = find_dropped(recent, &index);
		error = recent_end(recent, error);
	}
	for (size_t i = 0; i < index.count && !error; i++)
		if (index.of[i] != UINT32_MAX)
			ledger->series[index.of[i]].recent_id = 0;
	free(index.of);
	return error;
}
