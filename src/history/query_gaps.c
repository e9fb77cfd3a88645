/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which parts of the range have no rows, or rows without a certain time, and why. */
#include <errno.h>

#include "history/query.h"
#include "history/query_private.h"

/* Shorter ones at the end are the time since the last snapshot. */
#define UNNOTICED LEDGER_WATCHED

/* A time of which is known what happened. */
struct known {
	int64_t start, end;
	bool is_gap; /* for reason; else watched, and reason says why the time before was not */
	uint32_t reason;
};

/* Fills the gaps, in order of time. */
struct sweep {
	const struct query *query;
	struct history_gap *gaps;
	size_t room, count;
	int64_t at; /* all before that is settled */
	int64_t end;
	int64_t reach; /* the step has no rows before that */
};

static void add_gap(struct sweep *sweep, int64_t start, int64_t end, uint32_t reason)
{
	const struct zone *zone = sweep->query->sources->zone;
	struct history_gap *last = sweep->count ? &sweep->gaps[sweep->count - 1] : NULL;

	start = start > sweep->at ? start : sweep->at;
	end = end < sweep->end ? end : sweep->end;
	if (start >= end)
		return;
	sweep->at = end;
	if (last && last->end == start && last->reason == reason) {
		last->end = end;
		last->end_offset = zone_offset(zone, end);
		return;
	}
	if (sweep->count < sweep->room)
		sweep->gaps[sweep->count++] = (struct history_gap){
			.start = start,
			.end = end,
			.start_offset = zone_offset(zone, start),
			.end_offset = zone_offset(zone, end),
			.reason = reason,
		};
}

static void pass(struct sweep *sweep, const struct known *known)
{
	add_gap(sweep, sweep->at, known->start, known->is_gap ? HISTORY_GAP_OFF : known->reason);
	if (known->is_gap)
		add_gap(sweep, known->start, known->end, known->reason);
	else
		add_gap(sweep, known->start, known->end < sweep->reach ? known->end : sweep->reach,
			HISTORY_GAP_EXPIRED);
	if (known->end > sweep->at)
		sweep->at = known->end;
}

/* The next time that is known from a slice; end INT64_MIN: none. */
static struct known next_stretch(const struct query *query, size_t *at)
{
	struct known known = {.end = INT64_MIN};

	if (*at < query->stretch_count) {
		const struct query_stretch *stretch = &query->stretches[(*at)++];

		known.start = stretch->start;
		known.end = stretch->end;
		known.is_gap = !stretch->has_date || stretch->unwatched;
		known.reason = !stretch->has_date ? HISTORY_GAP_CLOCK : HISTORY_GAP_DAEMON;
		if (!known.is_gap)
			known.reason = HISTORY_GAP_OFF;
	}
	return known;
}

static struct known next_recorded(struct sqlite_statement *statement, int *got)
{
	struct known known = {.end = INT64_MIN};

	if (*got == 1) {
		known.start = sqlite_integer(statement, 0);
		known.end = sqlite_integer(statement, 1);
		known.reason = (uint32_t)sqlite_integer(statement, 2);
		if (known.reason >= HISTORY_GAP_REASONS)
			known.reason = HISTORY_GAP_OFF;
		*got = sqlite_next(statement);
	}
	return known;
}

/* The start of the step's first row. */
static int find_reach(struct query *query, int64_t *reach)
{
	struct sqlite_statement *statement = query_statement(query, QUERY_REACH);
	int64_t hour = INT64_MAX, day = INT64_MAX;
	int got;

	*reach = query->stretch_count ? query->stretches[0].start : INT64_MAX;
	if (!query->sources->store || query->question.step == HISTORY_5M)
		return 0;
	got = sqlite_first(&query->sources->store->db, statement, "");
	if (got < 0)
		return got;
	if (!sqlite_is_null(statement, 0))
		hour = sqlite_integer(statement, 0);
	if (!sqlite_is_null(statement, 1))
		day = sqlite_integer(statement, 1);
	sqlite_done(statement);
	*reach = hour < *reach ? hour : *reach;
	if (query->question.step != HISTORY_HOUR)
		*reach = day < *reach ? day : *reach;
	else if (day >= *reach) /* no traffic, and no hours that became days */
		*reach = INT64_MIN;
	return 0;
}

int query_gaps(struct query *query, struct history_gap *gaps, size_t room)
{
	struct sqlite_statement *statement = query_statement(query, QUERY_RECORDED);
	struct sweep sweep = {.query = query, .gaps = gaps, .room = room, .at = query->from};
	struct store *store = query->sources->store;
	struct known slice, recorded;
	size_t at = 0;
	int got = 0, error = find_reach(query, &sweep.reach);

	if (!error && store)
		error = got = sqlite_first(&store->db, statement, "");
	if (error < 0)
		return error;
	sweep.end = query->shown_to < query->sources->now ? query->shown_to : query->sources->now;
	slice = next_stretch(query, &at);
	recorded = next_recorded(statement, &got);
	while (slice.end != INT64_MIN || recorded.end != INT64_MIN) {
		bool is_slice = recorded.end == INT64_MIN ||
				(slice.end != INT64_MIN && slice.start < recorded.start);

		pass(&sweep, is_slice ? &slice : &recorded);
		if (is_slice)
			slice = next_stretch(query, &at);
		else
			recorded = next_recorded(statement, &got);
	}
	if (got < 0)
		return got;
	if (sweep.end - sweep.at > UNNOTICED || sweep.at == query->from)
		add_gap(&sweep, sweep.at, sweep.end, HISTORY_GAP_OFF);
	return (int)sweep.count;
}
