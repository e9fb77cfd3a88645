// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "history/sums.h"

#define MANY_GONE 256 /* series: fewer are not worth to be forgotten */

void ledger_init(struct ledger *ledger,
	int (*close)(void *context, const struct ledger_slice *slice), void *context)
{
	*ledger = (struct ledger){.close = close, .context = context, .watched = LEDGER_WATCHED};
	hash_seed_draw(&ledger->seed);
}

void ledger_finish(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++)
		free(ledger->series[i].name);
	free(ledger->series);
	free(ledger->slots);
	free(ledger->rows);
	*ledger = (struct ledger){0};
}

/* Series */

static uint32_t *find_slot(const struct ledger *ledger, const struct history_key *key)
{
	uint64_t word[sizeof(*key) / 8];
	size_t mask = ledger->slot_count - 1, at;

	memcpy(word, key, sizeof(word));
	at = (size_t)(hash_words(&ledger->seed, word, sizeof(word) / 8) >> 32) & mask;
	while (ledger->slots[at] &&
		memcmp(&ledger->series[ledger->slots[at] - 1].key, key, sizeof(*key)) != 0)
		at = (at + 1) & mask;
	return &ledger->slots[at];
}

static void fill_slots(struct ledger *ledger)
{
	memset(ledger->slots, 0, ledger->slot_count * sizeof(*ledger->slots));
	for (size_t i = 0; i < ledger->count; i++)
		*find_slot(ledger, &ledger->series[i].key) = (uint32_t)i + 1;
}

/* rows have room for one per series, so that closing a slice allocates nothing. */
static int grow(struct ledger *ledger)
{
	size_t room = ledger->room ? ledger->room * 2 : 64;
	uint32_t *slots = calloc(room * 2, sizeof(*slots));
	struct ledger_series *series = NULL;
	struct ledger_row *rows = slots ? realloc(ledger->rows, room * sizeof(*rows)) : NULL;

	if (rows) {
		ledger->rows = rows;
		series = realloc(ledger->series, room * sizeof(*series));
	}
	if (!series) {
		free(slots);
		return -ENOMEM;
	}
	free(ledger->slots);
	ledger->slots = slots;
	ledger->slot_count = room * 2;
	ledger->series = series;
	ledger->room = room;
	fill_slots(ledger);
	return 0;
}

int64_t ledger_find(const struct ledger *ledger, const struct history_key *key)
{
	uint32_t slot = ledger->slot_count ? *find_slot(ledger, key) : 0;

	return slot ? (int64_t)slot - 1 : -ENOENT;
}

int64_t ledger_series(struct ledger *ledger, const struct history_key *key)
{
	int64_t index = ledger_find(ledger, key);
	int error = 0;

	if (index >= 0)
		return index;
	if (ledger->count == ledger->room)
		error = grow(ledger);
	if (error)
		return error;
	ledger->series[ledger->count] = (struct ledger_series){.key = *key};
	*find_slot(ledger, key) = (uint32_t)ledger->count + 1;
	return (int64_t)ledger->count++;
}

static bool is_gone(const struct ledger_series *series)
{
	return !series->present && !series->unsaved && !series->unstored;
}

bool ledger_has_many_gone(const struct ledger *ledger)
{
	size_t gone = 0;

	for (size_t i = 0; i < ledger->count; i++)
		gone += is_gone(&ledger->series[i]);
	return gone >= MANY_GONE && gone >= ledger->count / 4;
}

void ledger_compact(struct ledger *ledger)
{
	size_t kept = 0;

	for (size_t i = 0; i < ledger->count; i++) {
		struct ledger_series *series = &ledger->series[i];

		if (!is_gone(series) || series->recent_id || !sums_are_zero(&series->extra) ||
			!sums_are_zero(&series->seen))
			ledger->series[kept++] = *series;
		else
			free(series->name);
	}
	ledger->count = kept;
	fill_slots(ledger);
}

void ledger_rename(struct ledger_series *series, const char *name, const char *source)
{
	char *copy;

	if (!*name || (series->name && strcmp(series->name, name) == 0))
		return;
	copy = strndup(name, HISTORY_NAME - 1);
	if (!copy)
		return; /* the next snapshot tries again */
	free(series->name);
	series->name = copy;
	memset(series->source, 0, sizeof(series->source));
	memccpy(series->source, source, 0, sizeof(series->source) - 1);
	series->renamed = true;
}

void ledger_unname(struct ledger_series *series)
{
	free(series->name);
	series->name = NULL;
	memset(series->source, 0, sizeof(series->source));
	series->renamed = false;
}

/* Slices */

struct mz_counts ledger_earned(const struct ledger_series *series, const struct mz_counts *at)
{
	struct mz_counts counts = *at;

	sums_subtract(&counts, &series->counter);
	sums_add(&counts, &series->extra);
	return counts;
}

static void add_row(struct ledger_slice *slice, struct ledger_row *rows, size_t i,
	const struct mz_counts *counts)
{
	if (!sums_are_zero(counts))
		rows[slice->count++] =
			(struct ledger_row){.series = (uint32_t)i, .counts = *counts};
}

void ledger_open_slice(struct ledger *ledger, struct ledger_slice *slice)
{
	*slice = (struct ledger_slice){.began = ledger->closed,
		.ended = ledger->taken,
		.unwatched = ledger->unwatched,
		.rows = ledger->rows};
	for (size_t i = 0; i < ledger->count; i++) {
		struct mz_counts counts =
			ledger_earned(&ledger->series[i], &ledger->series[i].seen);

		add_row(slice, ledger->rows, i, &counts);
	}
}

/*
 * The counters that the slice was taken to are in the series when close() is called, for whoever
 * stores them with it. Where that fails, they are what they were.
 */
int ledger_close(struct ledger *ledger)
{
	struct ledger_slice slice;
	int error;

	ledger_open_slice(ledger, &slice);
	if (slice.count == 0 && slice.began == slice.ended)
		return 0;
	for (size_t i = 0; i < slice.count; i++) {
		struct ledger_series *series = &ledger->series[slice.rows[i].series];

		series->counter = series->seen;
		series->closing = !series->unsaved;
		series->unsaved = true;
	}
	error = ledger->close(ledger->context, &slice);
	for (size_t i = 0; i < slice.count; i++) {
		struct ledger_series *series = &ledger->series[slice.rows[i].series];

		if (error) {
			sums_add(&series->counter, &series->extra);
			sums_subtract(&series->counter, &slice.rows[i].counts);
			series->unsaved &= !series->closing;
		} else {
			series->extra = (struct mz_counts){0};
		}
	}
	if (error)
		return error;
	ledger->closed = ledger->taken;
	ledger->unwatched = false;
	return 0;
}

int ledger_resume_counter(struct ledger *ledger, const struct history_key *key,
	const struct mz_counts *counter, const char *name)
{
	int64_t index = ledger_series(ledger, key);
	struct ledger_series *series;

	if (index < 0)
		return (int)index;
	series = &ledger->series[index];
	series->counter = series->seen = *counter;
	if (*name && !series->name)
		series->name = strdup(name);
	return 0;
}

void ledger_resume(struct ledger *ledger, uint64_t tables, int64_t closed)
{
	ledger->tables = tables;
	ledger->closed = ledger->taken = closed;
}
