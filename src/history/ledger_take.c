// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/ledger.h"

#include <string.h>

#include "history/sums.h"

/* Finds the series of a snapshot's row, and notes the row's counts as the next ones. */
static int note_row(struct ledger *ledger, const struct history_key *key,
	const struct mz_counts *counts, int64_t *index)
{
	*index = ledger_series(ledger, key);
	if (*index < 0)
		return (int)*index;
	sums_add(&ledger->series[*index].next, counts);
	ledger->series[*index].present = true;
	return 0;
}

static int note_host(
	struct ledger *ledger, const struct snapshot *s, const struct snapshot_host *host)
{
	struct history_key key = {.family = host->family};
	struct ledger_series *series;
	int64_t index;
	int error;

	_Static_assert(sizeof(key.interface) == sizeof(s->nets[0].ifname), "copied whole");
	memcpy(key.interface, s->nets[host->net].ifname, sizeof(key.interface));
	memcpy(key.mac, host->mac, sizeof(key.mac));
	memcpy(key.addr, host->addr, sizeof(key.addr));
	error = note_row(ledger, &key, &host->counts, &index);
	if (error || !host->name)
		return error;
	series = &ledger->series[index];
	/* one that was forgotten, and is not there any more, stays without a name */
	if (series->name || memcmp(&series->next, &series->seen, sizeof(series->next)) != 0) {
		uint8_t source = snapshot_text_source(s, host->name);

		ledger_rename(series, snapshot_text(s, host->name),
			source < s->source_count ? s->source[source].name : "");
	}
	return 0;
}

static int note_unattributed(struct ledger *ledger, const struct snapshot *s, unsigned reason)
{
	struct history_key key = {.reason = (uint8_t)(1 + reason)};
	struct mz_counts counts;
	int64_t index;

	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		counts.bytes[d] = s->unattributed[d][reason].bytes;
		counts.packets[d] = s->unattributed[d][reason].packets;
	}
	return sums_are_zero(&counts) ? 0 : note_row(ledger, &key, &counts, &index);
}

/* Sets next and present of all series. Returns 0 or -ENOMEM. */
static int note_rows(struct ledger *ledger, const struct snapshot *s)
{
	const struct snapshot_host *hosts = snapshot_hosts(s);
	int error = 0;

	for (size_t i = 0; i < ledger->count; i++) {
		ledger->series[i].next = (struct mz_counts){0};
		ledger->series[i].present = false;
	}
	for (uint32_t i = 0; i < s->host_count && !error; i++)
		error = note_host(ledger, s, &hosts[i]);
	for (unsigned reason = 0; reason < MZ_REASONS && !error; reason++)
		error = note_unattributed(ledger, s, reason);
	return error;
}

/* What is in the open slice stays there, and the counter begins anew at now. */
static void begin_anew(struct ledger_series *series, const struct mz_counts *now)
{
	series->extra = ledger_earned(series, &series->seen);
	series->counter = series->seen = *now;
	series->unsaved = true;
}

/* What is less: counts, or what a counter rose by. */
static uint64_t at_most(uint64_t counts, uint64_t from, uint64_t to)
{
	uint64_t rise = to > from ? to - from : 0;

	return counts < rise ? counts : rise;
}

/*
 * Has the row of key take over as many of counts as it rose by: these were counted before. What it
 * rose by beyond them is its own. Leaves the others in counts.
 */
static void take_over(
	struct ledger *ledger, const struct history_key *key, struct mz_counts *counts)
{
	int64_t index = ledger_find(ledger, key);
	struct ledger_series *series = index >= 0 ? &ledger->series[index] : NULL;
	struct mz_counts part;

	if (!series || !series->present)
		return;
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		part.bytes[d] =
			at_most(counts->bytes[d], series->seen.bytes[d], series->next.bytes[d]);
		part.packets[d] = at_most(
			counts->packets[d], series->seen.packets[d], series->next.packets[d]);
	}
	sums_add(&series->seen, &part);
	sums_add(&series->counter, &part);
	sums_subtract(counts, &part);
	series->unsaved = true;
}

/*
 * A row leaves the tables where the archive has no room for it: another one takes over its counts
 * (tables/archive.h), the sum of hosts without a MAC or what is not attributed any more. It may be
 * back already, with a counter that began at 0.
 */
static void leave(struct ledger *ledger, struct ledger_series *series)
{
	static const uint8_t none[sizeof(series->key.mac)];
	const struct history_key forgotten = {.reason = 1 + MZ_FORGOTTEN};
	struct history_key sum = series->key;
	struct mz_counts counts = series->seen;

	memset(sum.addr, 0, sizeof(sum.addr));
	begin_anew(series, &(struct mz_counts){0});
	if (memcmp(sum.mac, none, sizeof(none)) == 0)
		take_over(ledger, &sum, &counts);
	take_over(ledger, &forgotten, &counts);
	ledger->lost += counts.bytes[MZ_UPLOAD] + counts.bytes[MZ_DOWNLOAD];
}

/* Counters never fall by themselves. */
static void match_rows(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++)
		if (!sums_have_reached(&ledger->series[i].next, &ledger->series[i].seen))
			leave(ledger, &ledger->series[i]);
}

static void see(struct ledger *ledger, int64_t now)
{
	for (size_t i = 0; i < ledger->count; i++)
		ledger->series[i].seen = ledger->series[i].next;
	ledger->taken = now;
}

/* All counters as they were at mark, which lies between the last snapshot and this one. */
static void see_at(struct ledger *ledger, int64_t mark, int64_t now)
{
	uint64_t elapsed = (uint64_t)(mark - ledger->taken),
		 length = (uint64_t)(now - ledger->taken);

	for (size_t i = 0; i < ledger->count; i++) {
		struct mz_counts *seen = &ledger->series[i].seen;
		const struct mz_counts *next = &ledger->series[i].next;

		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			seen->bytes[d] =
				sums_between(seen->bytes[d], next->bytes[d], elapsed, length);
			seen->packets[d] =
				sums_between(seen->packets[d], next->packets[d], elapsed, length);
		}
	}
	ledger->taken = mark;
}

/* Returns 0, or what close() returned for the slice of the tables that are gone. */
static int begin_tables(struct ledger *ledger, const struct snapshot *s, int64_t now)
{
	int64_t since = (int64_t)s->tables_since_s;
	int error = ledger->started ? ledger_close(ledger) : 0;

	if (error)
		return error;
	for (size_t i = 0; i < ledger->count; i++)
		begin_anew(&ledger->series[i], &(struct mz_counts){0});
	ledger->baseline = !since;
	if (!since || since > now)
		since = now;
	if (since > ledger->closed)
		ledger->closed = since;
	ledger->taken = ledger->closed;
	ledger->tables = s->tables;
	return 0;
}

/* Returns 0, or what close() returned. */
static int close_slices(struct ledger *ledger, int64_t now, int64_t mark)
{
	bool watched = now - ledger->taken <= ledger->watched;
	int error = 0;

	if (watched && mark > ledger->taken && mark <= now && mark > ledger->closed)
		see_at(ledger, mark, now);
	if (!watched || mark <= ledger->taken)
		error = ledger_close(ledger);
	if (watched)
		return error;
	see(ledger, now);
	ledger->unwatched = true;
	return ledger_close(ledger);
}

int ledger_take(struct ledger *ledger, const struct snapshot *snapshot, int64_t now, int64_t mark)
{
	int error = 0;

	if (snapshot->tables != ledger->tables)
		error = begin_tables(ledger, snapshot, now);
	if (!error)
		error = note_rows(ledger, snapshot);
	if (error)
		return error;
	if (now < ledger->taken)
		now = ledger->taken;
	if (ledger->baseline) {
		for (size_t i = 0; i < ledger->count; i++)
			begin_anew(&ledger->series[i], &ledger->series[i].next);
		ledger->baseline = false;
	}
	match_rows(ledger);
	ledger->started = true;
	error = close_slices(ledger, now, mark);
	see(ledger, now);
	return error;
}
