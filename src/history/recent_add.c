// SPDX-License-Identifier: GPL-2.0-or-later
/* Adding a slice, together with the counters that it was taken to. */
#include <stdio.h>

#include "history/recent.h"
#include "history/recent_private.h"

/* A key as text, of hexadecimal digits. */
static void key_to_text(const struct history_key *key, char text[static RECENT_KEY])
{
	const uint8_t *bytes = (const uint8_t *)key;

	for (size_t i = 0; i < sizeof(*key); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int identify(struct recent *recent, struct ledger_series *series)
{
	char key[RECENT_KEY];
	int error;

	if (series->recent_id)
		return 0;
	key_to_text(&series->key, key);
	error = recent_do(recent, RECENT_NEW_SERIES, "t", key);
	if (error)
		return error;
	series->recent_id = sqlite_last_id(&recent->db);
	series->unsaved = true;
	return 0;
}

static int save_counters(struct recent *recent, struct ledger *ledger)
{
	int error = 0;

	for (size_t i = 0; i < ledger->count && !error; i++) {
		struct ledger_series *series = &ledger->series[i];

		if (!series->unsaved)
			continue;
		error = identify(recent, series);
		if (!error)
			error = recent_do(recent, RECENT_SET_SERIES, "ttci", series->name,
				series->source, &series->counter, series->recent_id);
	}
	return error;
}

static int save_slice(struct recent *recent, struct ledger *ledger,
	const struct ledger_slice *slice, const int64_t *offset)
{
	uint64_t number = recent->last + 1;
	int error = recent_do(recent, RECENT_NEW_SLICE, "iiiiii", (int64_t)number, slice->began,
		slice->ended, (int64_t)(offset != NULL), offset ? *offset : (int64_t)0,
		(int64_t)slice->unwatched);

	for (size_t i = 0; i < slice->count && !error; i++) {
		struct ledger_series *series = &ledger->series[slice->rows[i].series];

		error = identify(recent, series);
		if (!error)
			error = recent_do(recent, RECENT_NEW_ROW, "iic", (int64_t)number,
				series->recent_id, &slice->rows[i].counts);
	}
	if (!error)
		error = recent_do(recent, RECENT_SET_POSITION, "iii", (int64_t)ledger->tables,
			slice->ended, (int64_t)number);
	return error;
}

/* Ids that a transaction gave are not those of the database where it was undone. */
static void forget_ids(struct ledger *ledger, int64_t last_id)
{
	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->series[i].recent_id > last_id)
			ledger->series[i].recent_id = 0;
}

static int64_t greatest_id(const struct ledger *ledger)
{
	int64_t id = 0;

	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->series[i].recent_id > id)
			id = ledger->series[i].recent_id;
	return id;
}

int recent_add(struct recent *recent, struct ledger *ledger, const struct ledger_slice *slice,
	const int64_t *offset)
{
	int64_t last_id = greatest_id(ledger);
	int error = recent_begin(recent);

	if (error)
		return error;
	error = save_slice(recent, ledger, slice, offset);
	if (!error)
		error = save_counters(recent, ledger);
	error = recent_end(recent, error);
	if (error) {
		forget_ids(ledger, last_id);
		return error;
	}
	recent->last++;
	if (!recent->first)
		recent->first = recent->last;
	for (size_t i = 0; i < ledger->count; i++) {
		ledger->series[i].unstored |= ledger->series[i].unsaved;
		ledger->series[i].unsaved = false;
	}
	return 0;
}

static int forget_rows(struct recent *recent, int64_t from, int64_t to)
{
	int error = recent_do(recent, RECENT_ADD_TO_OTHER, "ii", from, to);

	if (!error)
		error = recent_do(recent, RECENT_DROP_ROWS_OF, "i", from);
	return error ? error : recent_do(recent, RECENT_UNNAME, "i", from);
}

int recent_forget(struct recent *recent, struct ledger *ledger, size_t index)
{
	const struct history_key key = {
		.family = ledger->series[index].key.family, .reason = HISTORY_FORGOTTEN_HOSTS};
	int64_t last_id = greatest_id(ledger), sum = ledger_series(ledger, &key);
	struct ledger_series *series = &ledger->series[index];
	int error;

	if (sum < 0)
		return (int)sum;
	error = series->recent_id ? recent_begin(recent) : 0;
	if (error)
		return error;
	if (series->recent_id) {
		error = identify(recent, &ledger->series[sum]);
		if (!error)
			error = forget_rows(
				recent, series->recent_id, ledger->series[sum].recent_id);
		error = recent_end(recent, error);
	}
	if (error)
		forget_ids(ledger, last_id);
	else
		ledger_unname(series);
	return error;
}
