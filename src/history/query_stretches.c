/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in no hour yet: held slices, recent ones, and the open one. */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "history/book.h"
#include "history/query.h"
#include "history/query_private.h"

#define MARK 300 /* seconds */

static int64_t mark_before(int64_t t)
{
	return (t - QUERY_EARLIEST) / MARK * MARK + QUERY_EARLIEST; /* which is on a mark itself */
}

/*
 * Slices follow each other without a hole, and so do their rows: each end goes to the next mark. A
 * short slice around a mark, or within a step, is in the step that its middle is in.
 */
static void round_to_marks(struct query_stretch *stretch)
{
	int64_t middle = stretch->start + (stretch->end - stretch->start) / 2;

	stretch->start = mark_before(stretch->start + MARK / 2);
	stretch->end = mark_before(stretch->end + MARK / 2);
	if (stretch->start == stretch->end) {
		stretch->start = mark_before(middle);
		stretch->end = stretch->start + MARK;
	}
}

/* Adds one that lasted from began to ended, seconds of boot time. */
static int add_stretch(struct query *query, struct query_stretch stretch, int64_t began,
	int64_t ended, int64_t offset)
{
	struct query_stretch *grown;

	/* no such slice is ever made: a database that says so is damaged */
	if (__builtin_add_overflow(began, offset, &stretch.start) ||
		__builtin_add_overflow(ended, offset, &stretch.end) ||
		stretch.end < stretch.start || stretch.start < QUERY_EARLIEST ||
		stretch.end > QUERY_LATEST || stretch.end - stretch.start > UINT32_MAX)
		return -EUCLEAN;
	/* where no time has passed, all belongs to this second */
	stretch.end += stretch.end == stretch.start;
	if (query->question.step == HISTORY_5M)
		round_to_marks(&stretch);
	grown = array_grow(query->stretches, query->stretch_count, &query->stretch_room, 16,
		sizeof(*query->stretches));
	if (!grown)
		return -ENOMEM;
	query->stretches = grown;
	query->stretches[query->stretch_count++] = stretch;
	return 0;
}

static int list_slice(void *context, const struct recent_slice *slice, const struct ledger_row *row)
{
	struct query *query = context;
	const struct query_stretch stretch = {
		.number = slice->number,
		.kind = QUERY_IS_RECENT,
		.has_date = slice->has_date,
		.unwatched = slice->unwatched,
	};

	if (row)
		return 0;
	return add_stretch(query, stretch, slice->began, slice->ended,
		slice->has_date ? slice->offset : query->sources->offset);
}

static int list_open(struct query *query)
{
	const struct query_sources *sources = query->sources;
	struct ledger_slice slice;

	ledger_open_slice(sources->ledger, &slice);
	if (!slice.count)
		return 0;
	return add_stretch(query,
		(struct query_stretch){.kind = QUERY_IS_OPEN,
			.has_date = sources->proven,
			.unwatched = slice.unwatched},
		slice.began, slice.ended, sources->offset);
}

static int list_held(struct query *query)
{
	const struct query_sources *sources = query->sources;
	struct sqlite_statement *statement = query_statement(query, QUERY_HELD);
	int error = 0, got;

	for (got = sqlite_first(&sources->store->db, statement, ""); got == 1 && !error;
		got = error ? 0 : sqlite_next(statement)) {
		bool of_this_boot = sqlite_integer(statement, 4) == sources->boot;

		error = add_stretch(query,
			(struct query_stretch){.kind = QUERY_IS_HELD,
				.number = (uint64_t)sqlite_integer(statement, 0),
				.unwatched = sqlite_integer(statement, 5) != 0},
			sqlite_integer(statement, 1), sqlite_integer(statement, 2),
			of_this_boot ? sources->offset : sqlite_integer(statement, 3));
	}
	sqlite_done(statement);
	return error ? error : got;
}

static int compare(const void *a, const void *b)
{
	const struct query_stretch *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

int query_list_stretches(struct query *query)
{
	const struct query_sources *sources = query->sources;
	bool detail = query->question.step == HISTORY_5M;
	int error = 0;

	query->stretch_count = 0;
	if (sources->recent && sources->ledger)
		error = recent_each(sources->recent, sources->ledger,
			detail ? 0 : sources->stored_slice, list_slice, query);
	if (!error && sources->ledger)
		error = list_open(query);
	if (!error && sources->store && !detail)
		error = list_held(query);
	if (!error && query->stretch_count)
		qsort(query->stretches, query->stretch_count, sizeof(*query->stretches), compare);
	return error;
}

/* A row that lasted as long as the stretch. */
struct part {
	struct query *query;
	const struct query_stretch *stretch;
	uint64_t before, after, length; /* what is in the bucket is from before to after */
};

static struct mz_counts cut(const struct part *part, const struct mz_counts *all)
{
	struct mz_counts counts;

	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		counts.bytes[d] = book_part(all->bytes[d], part->after, part->length) -
				  book_part(all->bytes[d], part->before, part->length);
		counts.packets[d] = book_part(all->packets[d], part->after, part->length) -
				    book_part(all->packets[d], part->before, part->length);
	}
	return counts;
}

static int add_part(const struct part *part, uint32_t series, const struct mz_counts *all)
{
	const struct query_stretch *stretch = part->stretch;
	struct query *query = part->query;
	struct mz_counts counts = cut(part, all);

	query->scanned++;
	if (series >= query->series_count)
		return -EUCLEAN;
	return query_add(
		query, query->of_series[series], &counts, !stretch->has_date || stretch->unwatched);
}

static int take_row(void *context, const struct recent_slice *slice, const struct ledger_row *row)
{
	const struct part *part = context;

	if (slice->number != part->stretch->number)
		return 1; /* this one is over */
	return row ? add_part(part, row->series, &row->counts) : 0;
}

static int take_held(void *context, int64_t id, const struct mz_counts *all)
{
	const struct part *part = context;
	struct mz_counts counts = cut(part, all);

	return query_add_id(part->query, id, &counts, true);
}

static int add_open(const struct part *part)
{
	struct ledger_slice slice;
	int error = 0;

	ledger_open_slice(part->query->sources->ledger, &slice);
	for (size_t i = 0; i < slice.count && !error; i++)
		error = add_part(part, slice.rows[i].series, &slice.rows[i].counts);
	return error;
}

static int add_stretch_part(struct part *part)
{
	const struct query_sources *sources = part->query->sources;
	int error;

	switch (part->stretch->kind) {
	case QUERY_IS_RECENT:
		error = recent_each(sources->recent, sources->ledger, part->stretch->number - 1,
			take_row, part);
		return error > 0 ? 0 : error;
	case QUERY_IS_HELD:
		return query_each_held(
			part->query, (int64_t)part->stretch->number, take_held, part);
	default:
		return add_open(part);
	}
}

int query_add_stretches(struct query *query)
{
	const struct query_bucket *bucket = &query->bucket;
	bool detail = query->question.step == HISTORY_5M;
	int error = 0;

	for (size_t i = 0; i < query->stretch_count && !error; i++) {
		const struct query_stretch *stretch = &query->stretches[i];
		struct part part = {.query = query, .stretch = stretch, .after = 1, .length = 1};

		if (stretch->start >= bucket->cut)
			break;
		if (stretch->end <= bucket->start)
			continue;
		if (detail && stretch->start != bucket->start)
			continue; /* all of it is in another row */
		if (!detail) {
			int64_t end = stretch->end < bucket->cut ? stretch->end : bucket->cut;

			part.length = (uint64_t)(stretch->end - stretch->start);
			part.after = (uint64_t)(end - stretch->start);
			if (bucket->start > stretch->start)
				part.before = (uint64_t)(bucket->start - stretch->start);
		}
		error = add_stretch_part(&part);
	}
	return error;
}
