/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "history/query_private.h"

#define DAY    86400
#define PAUSE  100000 /* rows to look at for one message: it goes off, even if it is not full */
#define COUNTS "upload_bytes, download_bytes, upload_packets, download_packets"

static const char *const texts[QUERY_STATEMENTS] = {
	[QUERY_HOSTS] = "SELECT id FROM host WHERE id > ? ORDER BY id",
	[QUERY_HOURS] = "SELECT start, estimated, " COUNTS ", end FROM hour WHERE start >= ?"
			" ORDER BY start",
	[QUERY_HOUR_TRAFFIC] = "SELECT host, " COUNTS " FROM hour_traffic WHERE start = ?",
	[QUERY_HOUR_OF_HOST] = "SELECT host, " COUNTS " FROM hour_traffic WHERE start = ?"
			       " AND host = ?",
	[QUERY_DAYS] = "SELECT start, estimated, " COUNTS ", utc_offset FROM day"
		       " WHERE start >= ? ORDER BY start",
	[QUERY_DAY_TRAFFIC] = "SELECT host, " COUNTS " FROM day_traffic WHERE start = ?",
	[QUERY_DAY_OF_HOST] = "SELECT host, " COUNTS " FROM day_traffic WHERE start = ?"
			      " AND host = ?",
	[QUERY_HELD] = "SELECT held.id, began, held.ended, utc_start, boot, unwatched FROM held"
		       " JOIN boot ON boot.id = boot",
	[QUERY_HELD_TRAFFIC] = "SELECT host, " COUNTS " FROM held_traffic WHERE held = ?",
	[QUERY_RECORDED] = "SELECT start, end, reason FROM recorded ORDER BY start",
	[QUERY_REACH] = "SELECT (SELECT min(start) FROM hour), (SELECT min(start) FROM day)",
};

static bool is_time(const struct history_time *time)
{
	switch (time->kind) {
	case HISTORY_ALWAYS:
		return true;
	case HISTORY_INSTANT:
		return time->value >= QUERY_EARLIEST && time->value <= QUERY_LATEST;
	case HISTORY_DATE:
		return time->value >= QUERY_EARLIEST / DAY && time->value <= QUERY_LATEST / DAY;
	default:
		return false;
	}
}

static bool is_sound(const struct history_question *question)
{
	if (question->size != sizeof(*question) || question->kind != HISTORY_ASK ||
		question->step >= HISTORY_STEPS || question->by >= HISTORY_BYS ||
		question->month_start < 1 || question->month_start > 28)
		return false;
	if (!is_time(&question->from) || !is_time(&question->to))
		return false;
	if (question->after_row &&
		(question->after_start < QUERY_EARLIEST || question->after_start > QUERY_LATEST))
		return false;
	switch (question->who) {
	case HISTORY_EVERYBODY:
	case HISTORY_MAC:
		return true;
	case HISTORY_ADDRESS:
		return question->family == AF_INET || question->family == AF_INET6;
	case HISTORY_NAMED:
		return question->name[0] && memchr(question->name, '\0', sizeof(question->name));
	default:
		return false;
	}
}

static int64_t default_from(const struct query *query)
{
	const struct query_sources *sources = query->sources;
	int64_t today = zone_day_of(sources->zone, sources->now);

	switch (query->question.step) {
	case HISTORY_5M:
		return sources->now - DAY;
	case HISTORY_HOUR:
		return zone_day_start(sources->zone, today - 1);
	case HISTORY_DAY:
		return zone_day_start(sources->zone, today - 30);
	default:
		return QUERY_EARLIEST;
	}
}

static void set_range(struct query *query)
{
	const struct history_question *question = &query->question;
	const struct zone *zone = query->sources->zone;

	switch (question->from.kind) {
	case HISTORY_INSTANT:
		query->from = question->from.value;
		break;
	case HISTORY_DATE:
		query->from = zone_day_start(zone, question->from.value);
		break;
	default:
		query->from = default_from(query);
		query->from_first = query->from == QUERY_EARLIEST;
	}
	switch (question->to.kind) {
	case HISTORY_INSTANT:
		query->to = query->shown_to = question->to.value;
		break;
	case HISTORY_DATE:
		query->to = query->shown_to = zone_day_start(zone, question->to.value + 1);
		break;
	default: /* a clock that was put back hides nothing */
		query->to = INT64_MAX;
		query->shown_to = query->sources->now;
		if (query->shown_to < query->from && !query->from_first)
			query->shown_to = query->from; /* which has not come yet */
	}
}

int query_start(struct query **query, const struct query_sources *sources,
	const struct history_question *question)
{
	struct query *new;

	*query = NULL;
	if (!is_sound(question))
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->sources = sources;
	new->question = *question;
	hash_seed_draw(&new->seed);
	for (int i = 0; i < QUERY_STATEMENTS; i++)
		new->statements[i].sql = texts[i];
	set_range(new);
	*query = new;
	return 0;
}

void query_free(struct query *query)
{
	if (!query)
		return;
	for (int i = 0; i < QUERY_STATEMENTS; i++)
		sqlite_finalize(&query->statements[i]);
	query_free_hosts(query);
	free(query->stretches);
	free(query);
}

/* What tells that slices were added, or became hours. */
static struct query_seen look(const struct query *query)
{
	struct query_seen seen = {.store = (uintptr_t)query->sources->store};

	seen.boot = query->sources->boot;
	seen.stored_slice = query->sources->stored_slice;
	seen.offset = query->sources->offset;
	seen.proven = query->sources->proven;
	if (query->sources->recent) {
		seen.journal = query->sources->recent->journal;
		seen.last = query->sources->recent->last;
	}
	if (query->sources->ledger) {
		seen.taken = query->sources->ledger->taken;
		seen.closed = query->sources->ledger->closed;
	}
	return seen;
}

/* Looks at what may have changed since the last message. */
static int refresh(struct query *query)
{
	struct query_seen seen = look(query);
	int error;

	if (query->has_seen && memcmp(&query->seen, &seen, sizeof(seen)) == 0)
		return 0;
	error = query_meet_hosts(query);
	if (!error)
		error = query_list_stretches(query);
	if (error)
		return error;
	if (!query->has_seen)
		query_seek(query,
			query->question.after_row && query->question.after_start > query->from
				? query->question.after_start
				: query->from);
	query->has_seen = true;
	query->seen = seen;
	return 0;
}

static void end_rows(struct query *query, int64_t next_start, uint64_t next_row)
{
	query->rows_done = true;
	query->next_start = next_start;
	query->next_row = next_row;
}

/* Chooses which of the bucket's rows belong to this answer. */
static void choose_rows(struct query *query)
{
	const struct history_question *question = &query->question;
	uint64_t room = HISTORY_ROWS - query->rows;

	if (question->after_row > HISTORY_STEP_BEGINS &&
		query->bucket.start == question->after_start)
		while (query->at < query->listed_count &&
			query->groups[query->listed[query->at]].rank <= question->after_row)
			query->at++;
	query->end_at = query->listed_count;
	if (query->end_at - query->at <= room)
		return;
	if (query->rows) { /* a whole bucket fits into one answer: begin the next one with it */
		query->end_at = query->at;
		end_rows(query, query->bucket.start, HISTORY_STEP_BEGINS);
		return;
	}
	query->end_at = query->at + room;
	/* rows of one rank stay together, since answers go on behind a rank */
	while (query->end_at < query->listed_count &&
		query->groups[query->listed[query->end_at]].rank ==
			query->groups[query->listed[query->end_at - 1]].rank)
		query->end_at++;
	end_rows(query, query->bucket.start, query->groups[query->listed[query->end_at - 1]].rank);
}

/* Adds up the next bucket. Returns 1; 0: there is none; or -errno. */
static int fill_bucket(struct query *query)
{
	int error, found = query_find_bucket(query);

	if (found <= 0)
		return found;
	query_clear(query);
	error = query_add_stretches(query);
	if (!error && query->question.step == HISTORY_HOUR &&
		query->bucket.start == query->hour.start)
		error = query_add_hour(query);
	else if (!error && query->question.step > HISTORY_HOUR)
		error = query_add_days(query);
	if (error)
		return error;
	query_sort(query);
	choose_rows(query);
	return 1;
}

/* Adds the row to the message, if it and its host fit into room bytes. */
static bool put_row(
	struct query *query, struct history_answer *message, size_t room, uint32_t number)
{
	struct query_group *group = &query->groups[number];
	bool needs_host =
		query->question.by != HISTORY_BY_TOTAL && group->message != query->message;
	const struct zone *zone = query->sources->zone;
	struct history_row *row = (struct history_row *)(message + 1) + message->row_count;

	if (sizeof(*message) + (message->row_count + 1) * sizeof(*row) +
			(message->host_count + needs_host) * sizeof(struct history_host) >
		room)
		return false;
	if (needs_host) {
		group->message = query->message;
		group->index = message->host_count;
		query->in_message[message->host_count++] = number;
	}
	*row = (struct history_row){
		.start = query->bucket.start,
		.end = query->bucket.end,
		.start_offset = zone_offset(zone, query->bucket.start),
		.end_offset = zone_offset(zone, query->bucket.end),
		.host = group->index,
		.estimated = group->estimated,
		.counts = group->counts,
	};
	message->row_count++;
	query->rows++;
	return true;
}

static void put_hosts(const struct query *query, struct history_answer *message)
{
	struct history_host *host =
		(struct history_host *)((struct history_row *)(message + 1) + message->row_count);

	for (uint32_t i = 0; i < message->host_count; i++, host++) {
		const struct query_group *group = &query->groups[query->in_message[i]];
		const struct query_host *of = &query->hosts[group->host];

		memset(host, 0, sizeof(*host));
		if (!group->named)
			host->key = of->key;
		if (of->name)
			strncpy(host->name, of->name, sizeof(host->name) - 1);
		memcpy(host->source, of->source, sizeof(host->source));
	}
}

static int put_rows(struct query *query, struct history_answer *message, size_t room)
{
	int found;

	query->message++;
	query->scanned = 0;
	for (;;) {
		while (query->at < query->end_at &&
			put_row(query, message, room, query->listed[query->at]))
			query->at++;
		if (query->at < query->end_at || query->rows_done || query->scanned > PAUSE)
			break;
		found = fill_bucket(query);
		if (found < 0)
			return found;
		if (!found)
			end_rows(query, 0, 0);
		else if (query->from_first) {
			query->from = query->bucket.start;
			query->from_first = false;
		}
	}
	put_hosts(query, message);
	return 0;
}

static int fill_message(struct query *query, struct history_answer *message, size_t room)
{
	const struct zone *zone = query->sources->zone;
	bool rows_left = !query->rows_done || query->at < query->end_at;
	int result = refresh(query);

	if (!result && rows_left) {
		result = put_rows(query, message, room);
		message->more = 1;
	} else if (!result) {
		size_t gaps = (room - sizeof(*message)) / sizeof(struct history_gap);

		if (query->from_first) /* there is no row */
			query->from = query->shown_to;
		query->from_first = false;
		result = query_gaps(query, (struct history_gap *)(message + 1),
			gaps < HISTORY_GAPS ? gaps : HISTORY_GAPS);
		message->gap_count = result > 0 ? (uint32_t)result : 0;
		message->next_start = query->next_start;
		message->next_row = query->next_row;
	}
	message->from = query->from;
	message->to = query->shown_to;
	message->from_offset = zone_offset(zone, message->from);
	message->to_offset = zone_offset(zone, message->to);
	memcpy(message->zone, zone->name, sizeof(message->zone));
	message->unsettled = !query->sources->proven;
	return result < 0 ? result : 0;
}

int query_next(struct query *query, struct history_answer *message, size_t room)
{
	struct store *store = query->sources->store;
	int error = 0;

	if (room > HISTORY_MESSAGE)
		room = HISTORY_MESSAGE;
	*message =
		(struct history_answer){.kind = HISTORY_ANSWER, .number = query->question.number};
	/* one transaction: its locks cost more than many a look at a row */
	if (store)
		error = sqlite_run(&store->db, "BEGIN");
	if (error)
		return error;
	error = fill_message(query, message, room);
	sqlite_done(query_statement(query, QUERY_HOURS));
	query->hour.is_open = false;
	if (store) {
		int ended = sqlite_run(&store->db, "COMMIT");

		error = error ? error : ended;
	}
	message->size =
		(uint32_t)(sizeof(*message) + message->row_count * sizeof(struct history_row) +
			   message->host_count * sizeof(struct history_host) +
			   message->gap_count * sizeof(struct history_gap));
	return error ? error : (int)message->size;
}
