// SPDX-License-Identifier: GPL-2.0-or-later
/* What the recorder does at each pull. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "history/recorder.h"
#include "history/recorder_private.h"

#define CLOCK_PATIENCE 600 /* seconds without proof, until the log says so */
#define WHOLE_PATIENCE 60  /* seconds without a snapshot that can be recorded */
#define SLICE_PATIENCE 600 /* seconds, two slices, without one that can be written */

/* Gets each slice that the ledger closes. */
int recorder_take_slice(void *context, const struct ledger_slice *slice)
{
	struct recorder *recorder = context;

	return recent_add(&recorder->recent, &recorder->ledger, slice,
		recorder->proven ? &recorder->offset : NULL);
}

void recorder_lose_recent(struct recorder *recorder, const char *why)
{
	log_warn("recent counts were %s: they are begun anew", why);
	if (recorder->store.db.handle)
		recorder_commit(recorder);
	recent_discard(&recorder->recent);
	recorder->again = true;
}

/* What could not be closed stays in the open slice, and is tried again. */
static void check_slice(struct recorder *recorder, int error)
{
	if (!error)
		recorder->failing_since = 0;
	else if (!recorder->failing_since)
		recorder->failing_since = recorder->boot_s;
	if (error == -ESTALE)
		recorder_lose_recent(recorder, "removed");
	else if (error == -EUCLEAN)
		recorder_lose_recent(recorder, "damaged");
	else if (error && recorder->boot_s - recorder->failing_since > SLICE_PATIENCE)
		recorder_leave_recent(recorder, strerror(-error));
	else
		recorder_trouble(recorder, HISTORY_NO_RECENT, error || recorder->recent.in_memory,
			strerror(-error));
}

static void close_slice(struct recorder *recorder)
{
	if (recorder->ledger.started)
		check_slice(recorder, ledger_close(&recorder->ledger));
}

/* Time */

/* The log waits: the clock of a router is proven soon after its start, as a rule. */
static void note_proof(struct recorder *recorder)
{
	if (recorder->proven || !recorder->unproven_since)
		recorder->unproven_since = recorder->boot_s;
	if (recorder->proven || recorder->boot_s - recorder->unproven_since > CLOCK_PATIENCE)
		recorder_trouble(recorder, HISTORY_CLOCK, !recorder->proven, NULL);
	else
		recorder->report.trouble |= 1u << HISTORY_CLOCK;
}

/* Until the open slice is closed, offset and proven are those of before. */
static void take_time(struct recorder *recorder)
{
	int64_t offset_ms;
	unsigned news;

	recorder->read_clock(&recorder->now, recorder->options->ntp_stamp);
	news = timekeeper_take(&recorder->keeper, &recorder->now);
	if (news & TIMEKEEPER_STEPPED)
		close_slice(recorder);
	offset_ms = recorder->keeper.offset_ms;
	recorder->boot_s = recorder->now.boot_ms / 1000;
	recorder->offset = offset_ms / 1000 - (offset_ms % 1000 < 0);
	recorder->proven = timekeeper_is_proven(&recorder->keeper);
	if (news & TIMEKEEPER_SETTLED) {
		recorder->settle_recent = true;
		recorder->settle_offset = recorder->offset;
	}
	if (news || !recorder->commit_at)
		recorder_plan_commit(recorder);
	note_proof(recorder);
}

static void settle(struct recorder *recorder)
{
	int error = recent_settle(&recorder->recent, recorder->settle_offset);

	if (error) {
		check_slice(recorder, error);
		return;
	}
	recorder->settle_recent = false;
	recorder->settle = true;
	recorder->recorded = 0; /* the times of all that had none are noted now */
}

/* Snapshots */

/* The end of a slice that is to come: by date, so that slices end where hours do. */
static int64_t next_mark(const struct recorder *recorder)
{
	int64_t date = recorder->ledger.closed + recorder->offset;
	int64_t into = date % RECORDER_SLICE;

	return recorder->ledger.closed + RECORDER_SLICE - (into < 0 ? into + RECORDER_SLICE : into);
}

/* Counts of other tables are still to be added: until they are, all would seem to have fallen. */
static bool is_whole(struct recorder *recorder, const struct snapshot *snapshot)
{
	if (snapshot->whole || !recorder->whole)
		recorder->whole = recorder->boot_s;
	recorder_trouble(
		recorder, HISTORY_WAITS, recorder->boot_s - recorder->whole > WHOLE_PATIENCE, NULL);
	return snapshot->whole;
}

static void take_snapshot(struct recorder *recorder)
{
	const struct snapshot *snapshot = snapshot_shared_read(&recorder->shared);
	int64_t taken;

	if (!snapshot || recorder->shared.sequence == recorder->sequence)
		return;
	recorder->sequence = recorder->shared.sequence;
	if (!is_whole(recorder, snapshot))
		return;
	taken = recorder->now.boot_ms - snapshot_shared_age_ms(&recorder->shared, now_ms());
	check_slice(recorder,
		ledger_take(&recorder->ledger, snapshot, taken / 1000, next_mark(recorder)));
	recorder_trouble(recorder, HISTORY_LOST, recorder->ledger.lost != 0, NULL);
}

/* Only those that are in the database are removed. */
static void prune(struct recorder *recorder)
{
	int error;

	if (recorder->pruned == recorder->recent.last)
		return;
	recorder->pruned = recorder->recent.last;
	recorder->report_due = true;
	/* also where the database is away: slices that it has are not merged with others */
	error = recent_prune(&recorder->recent,
		recorder->position.journal == recorder->recent.journal ? recorder->position.slice
								       : 0);
	if (error)
		check_slice(recorder, error);
}

void recorder_begin_again(struct recorder *recorder)
{
	close_slice(recorder);
	if (!recorder->again && recorder->store.db.handle)
		recorder_commit(recorder);
	recorder->again = true;
}

void recorder_pull(struct recorder *recorder)
{
	take_time(recorder);
	if (!recorder->again)
		take_snapshot(recorder);
	if (!recorder->again && recorder->settle_recent)
		settle(recorder);
	if (!recorder->again && recorder->boot_s >= recorder->look_at)
		recorder_look(recorder);
	if (!recorder->again && recorder_commit_is_due(recorder))
		recorder_commit(recorder);
	if (!recorder->again)
		prune(recorder);
	if (!recorder->again)
		recorder_report(recorder);
}

void recorder_finish(struct recorder *recorder)
{
	take_time(recorder);
	if (!recorder->again)
		take_snapshot(recorder);
	if (!recorder->again && recorder->settle_recent)
		settle(recorder);
	recorder_begin_again(recorder);
}
