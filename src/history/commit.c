// SPDX-License-Identifier: GPL-2.0-or-later
/* From recent slices to the database. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "history/book.h"
#include "history/recorder.h"
#include "history/recorder_private.h"
#include "history/sums.h"

#define RETRY_MIN 10 /* seconds after a failure; each further one doubles it */
#define RETRY_MAX 600

/* One commit. */
struct commit {
	struct recorder *recorder;
	struct book book;
	uint64_t stored;	   /* slices up to this one are in the database */
	struct recent_slice slice; /* whose rows are read; number 0: none yet */
	struct ledger_row *rows;
	size_t count, room;
	/* a time without gaps that the daemon looked at, boot time; began == ended: none */
	int64_t began, ended, offset;
	enum history_gap_reason reason; /* why not before that */
	bool dates_end;			/* a slice without date came: those after it wait, too */
	bool gap;			/* the last slice was not watched */
	uint64_t recorded;
	int error; /* of the database: what else fails is of the recent slices */
};

/* Hosts get their ids anew in each commit, since "mezoura history forget" may remove some. */
static int identify(struct recorder *recorder, struct ledger_series *series)
{
	if (series->store_id)
		return 0;
	series->store_id = store_host(&recorder->store, &series->key,
		series->renamed ? series->name : NULL, series->source);
	return series->store_id < 0 ? (int)series->store_id : 0;
}

static int add_row(struct commit *commit, const struct book_hour *hour, int64_t held,
	const struct ledger_row *row)
{
	struct recorder *recorder = commit->recorder;
	struct ledger_series *series = &recorder->ledger.series[row->series];
	int error = identify(recorder, series);

	if (error)
		return error;
	if (held)
		return store_add_held(&recorder->store, held, series->store_id, &row->counts);
	return store_add_hour(&recorder->store, &recorder->zone, hour->start, hour->end,
		hour->unwatched, series->store_id, &row->counts);
}

static int add_hour(
	void *context, const struct book_hour *hour, const struct ledger_row *rows, size_t count)
{
	struct commit *commit = context;
	struct recorder *recorder = commit->recorder;
	int64_t held = 0;

	if (!hour->has_date && count) {
		held = store_new_held(&recorder->store, recorder->boot, hour->began, hour->ended,
			hour->unwatched);
		if (held < 0)
			commit->error = (int)held;
	}
	for (size_t i = 0; i < count && !commit->error; i++)
		commit->error = add_row(commit, hour, held, &rows[i]);
	return commit->error;
}

/*
 * "mezoura history forget" works on the database, where it marks hosts whose recent rows are to go,
 * too. Until they have gone, the mark stays. What is open belongs to the past as well.
 */
static int forget_hosts(struct commit *commit)
{
	struct recorder *recorder = commit->recorder;
	struct history_host host;
	int64_t id;

	while ((id = store_next_forgotten(&recorder->store, &host)) > 0) {
		int64_t index = ledger_find(&recorder->ledger, &host.key);
		int error = recorder->ledger.started ? ledger_close(&recorder->ledger) : 0;

		query_free(recorder->query);
		recorder->query = NULL;
		if (!error && index >= 0)
			error = recent_forget(&recorder->recent, &recorder->ledger, (size_t)index);
		if (error)
			return error;
		commit->error = store_end_forgotten(&recorder->store, id);
		if (commit->error)
			return commit->error;
	}
	commit->error = (int)id;
	return commit->error;
}

/* Recorded time */

static int end_recorded(struct commit *commit)
{
	if (commit->began < commit->ended)
		commit->error =
			store_add_recorded(&commit->recorder->store, commit->began + commit->offset,
				commit->ended + commit->offset, (int)commit->reason);
	commit->began = commit->ended = 0;
	return commit->error;
}

/* Slices that follow each other are one interval. Their dates must be final. */
static int note_recorded(struct commit *commit, const struct recent_slice *slice)
{
	int error = 0;

	commit->dates_end |= !slice->has_date;
	if (commit->dates_end || slice->number <= commit->recorded)
		return 0;
	if (slice->unwatched || slice->began != commit->ended || slice->offset != commit->offset)
		error = end_recorded(commit);
	if (!slice->unwatched && commit->began == commit->ended) {
		commit->began = slice->began;
		commit->offset = slice->offset;
		commit->reason = commit->gap ? HISTORY_GAP_DAEMON : HISTORY_GAP_OFF;
	}
	if (!slice->unwatched)
		commit->ended = slice->ended;
	commit->gap = slice->unwatched;
	commit->recorded = slice->number;
	return error;
}

/* Slices */

static int book_slice(struct commit *commit)
{
	if (!commit->slice.number)
		return 0;
	return book_add(&commit->book, &commit->slice, commit->rows, commit->count,
		commit->recorder->ledger.count);
}

static int take(void *context, const struct recent_slice *slice, const struct ledger_row *row)
{
	struct commit *commit = context;
	struct ledger_row *rows;
	int error = 0;

	if (row) {
		if (slice->number <= commit->stored)
			return 0;
		rows = array_grow(commit->rows, commit->count, &commit->room, 64, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		commit->rows = rows;
		rows[commit->count++] = *row;
		return 0;
	}
	if (slice->number > commit->stored) {
		error = book_slice(commit);
		commit->slice = *slice;
		commit->count = 0;
	}
	return error ? error : note_recorded(commit, slice);
}

static int add_slices(struct commit *commit)
{
	struct recorder *recorder = commit->recorder;
	uint64_t from = commit->recorded < commit->stored ? commit->recorded : commit->stored;
	int error = recent_each(&recorder->recent, &recorder->ledger, from, take, commit);

	if (!error)
		error = book_slice(commit);
	if (!error)
		error = book_end(&commit->book);
	return error ? error : end_recorded(commit);
}

/* Counters */

/* Of tables that are gone, or of another boot, the database keeps none. */
static int save_counters(struct recorder *recorder)
{
	bool anew = recorder->position.boot != recorder->boot ||
		    recorder->position.tables != recorder->ledger.tables;
	int error = anew ? store_clear_counters(&recorder->store) : 0;

	for (size_t i = 0; i < recorder->ledger.count && !error; i++) {
		struct ledger_series *series = &recorder->ledger.series[i];
		bool any = !sums_are_zero(&series->counter);
		bool changed = anew ? any : series->unstored;

		if (!changed && !(any && series->renamed))
			continue;
		error = identify(recorder, series);
		if (!error && changed)
			error = store_set_counter(
				&recorder->store, series->store_id, &series->counter);
	}
	return error;
}

static int save_position(struct recorder *recorder, struct store_position *position)
{
	int error;

	*position = (struct store_position){.boot = recorder->boot,
		.tables = recorder->ledger.tables,
		.taken = recorder->ledger.closed,
		.journal = recorder->recent.journal,
		.slice = recorder->recent.last};
	error = store_set_position(&recorder->store, position);
	if (!error)
		error = store_set_boot_offset(&recorder->store, recorder->boot, recorder->offset,
			recorder->ledger.closed);
	if (!error && recorder->proven)
		error = store_prove_boot(&recorder->store, recorder->boot, recorder->offset);
	return error;
}

/* Commits */

static int write_all(struct commit *commit, struct store_position *position)
{
	struct recorder *recorder = commit->recorder;
	int error = store_begin(&recorder->store);

	for (size_t i = 0; i < recorder->ledger.count; i++)
		recorder->ledger.series[i].store_id = 0;
	if (!error) {
		int64_t boot = store_boot(&recorder->store, recorder->boot_id);

		recorder->boot = boot;
		error = boot < 0 ? (int)boot : 0;
	}
	if (!error && recorder->settle) /* first: slices without a date came after the proof */
		error = store_settle(
			&recorder->store, &recorder->zone, recorder->boot, recorder->settle_offset);
	if (error) {
		commit->error = error;
		return error;
	}
	error = forget_hosts(commit);
	if (!error)
		error = add_slices(commit);
	if (error)
		return error;
	error = save_counters(recorder);
	if (!error)
		error = save_position(recorder, position);
	if (!error)
		error = store_expire(&recorder->store, &recorder->zone);
	if (!error)
		error = store_commit(&recorder->store);
	commit->error = error;
	return error;
}

static void succeed(struct recorder *recorder, const struct commit *commit,
	const struct store_position *position)
{
	recorder->position = *position;
	recorder->recorded = commit->recorded;
	recorder->gap = commit->gap;
	recorder->settle = false;
	recorder->retry = recorder->retry_at = 0;
	recorder->report.commits++;
	recorder->report.committed = recorder->boot_s + recorder->offset;
	for (size_t i = 0; i < recorder->ledger.count; i++) {
		struct ledger_series *series = &recorder->ledger.series[i];

		series->unstored = false;
		if (series->store_id)
			series->renamed = false;
	}
	recorder_store_trouble(recorder, 0);
	recorder_note_written(recorder);
	recorder_plan_commit(recorder);
	if (!recorder->query && ledger_has_many_gone(&recorder->ledger) &&
		!recent_drop_gone(&recorder->recent, &recorder->ledger))
		ledger_compact(&recorder->ledger);
}

static void wait_longer(struct recorder *recorder)
{
	recorder->retry = recorder->retry ? recorder->retry * 2 : RETRY_MIN;
	if (recorder->retry > RETRY_MAX)
		recorder->retry = RETRY_MAX;
	recorder->retry_at = recorder->boot_s + recorder->retry;
	recorder->report.failures++;
}

/* What could not be written stays in the recent slices. */
static void fail(struct recorder *recorder, int error)
{
	wait_longer(recorder);
	if (error == -EUCLEAN || error == -ESTALE || error == -ENOENT) {
		/* damaged or removed: opening says more */
		recorder_close_store(recorder);
		recorder->look_at = recorder->boot_s;
	} else {
		recorder_store_trouble(recorder, error);
	}
}

/* Where they are damaged, the counters of the database tell all that they have. */
static void fail_to_read(struct recorder *recorder, int error)
{
	log_error("cannot read the recent counts: %s", strerror(-error));
	wait_longer(recorder);
	if (error != -EUCLEAN && error != -ESTALE)
		return;
	recent_discard(&recorder->recent);
	recorder->again = true;
}

/* Counters that changed without a slice are only right with the slice that is open. */
static int reach_a_slice(struct recorder *recorder)
{
	bool unsaved = false;

	for (size_t i = 0; i < recorder->ledger.count; i++)
		unsaved |= recorder->ledger.series[i].unsaved;
	return unsaved && recorder->ledger.started ? ledger_close(&recorder->ledger) : 0;
}

int recorder_commit(struct recorder *recorder)
{
	struct commit commit = {.recorder = recorder,
		.stored = recorder_stored(recorder),
		.recorded = recorder->recorded,
		.gap = recorder->gap};
	struct store_position position;
	int error = reach_a_slice(recorder);

	if (error)
		return error;
	commit.book = (struct book){.zone = &recorder->zone,
		.offset = recorder->offset,
		.take = add_hour,
		.context = &commit};
	error = write_all(&commit, &position);
	if (error) {
		store_rollback(&recorder->store);
		if (commit.error)
			fail(recorder, error);
		else
			fail_to_read(recorder, error);
	} else {
		succeed(recorder, &commit, &position);
	}
	recorder->report_due = true;
	book_free(&commit.book);
	free(commit.rows);
	return error;
}

/* At the end of an hour where --commit allows it: its rows are then written once. */
void recorder_plan_commit(struct recorder *recorder)
{
	int64_t date = recorder->boot_s + recorder->offset, start, end, midnight;
	int64_t next = date + recorder->options->commit;

	zone_hour(&recorder->zone, next, &start, &end);
	if (recorder->options->commit >= 3600 && start > date)
		next = start;
	midnight = zone_day_start(&recorder->zone, zone_day_of(&recorder->zone, date) + 1);
	if (midnight > date && midnight < next)
		next = midnight;
	recorder->commit_at = next - recorder->offset;
}

bool recorder_commit_is_due(const struct recorder *recorder)
{
	const int64_t late = recorder->commit_at + RECORDER_SLICE + recorder->options->interval;

	if (!recorder->store.db.handle || recorder->boot_s < recorder->retry_at)
		return false;
	if (recorder->settle || recorder->retry)
		return true;
	return recorder->ledger.closed >= recorder->commit_at || recorder->boot_s >= late;
}
