// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening files, and going on where the last process ended. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/trust.h"
#include "history/recorder.h"
#include "history/recorder_private.h"

#define FLOOR	   1767225600 /* 2026-01-01: no clock that is right is before it */
#define ZONE_FROM  946684800  /* 2000-01-01: nothing that is imported is older */
#define ZONE_AHEAD (INT64_C(30) * 86400)
#define LOOK_S	   60

/* Files */

static struct recorder_directory look_at(const char *path)
{
	struct stat st;

	if (!path || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return (struct recorder_directory){0};
	return (struct recorder_directory){.device = st.st_dev, .inode = st.st_ino};
}

static bool is_another(const struct recorder_directory *then, const char *path)
{
	const struct recorder_directory now = look_at(path);

	return now.inode && (now.inode != then->inode || now.device != then->device);
}

/* Another user could have made a directory of that name where everybody may. */
static const char *trusted_recent(const struct recorder *recorder)
{
	const char *path = recorder->options->recent;
	struct stat st;

	if (!path || recorder->in_memory || lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
		st.st_uid != geteuid() || (st.st_mode & 077))
		return NULL;
	return path;
}

/* Counters */

struct comparison {
	struct ledger *ledger;
	bool resume; /* the ledger has none yet */
};

static int compare(
	void *context, int64_t host, const struct history_host *of, const struct mz_counts *counter)
{
	struct comparison *comparison = context;
	struct ledger *ledger = comparison->ledger;
	struct ledger_series *series;
	int64_t index;
	int error;

	(void)host;
	if (comparison->resume) {
		error = ledger_resume_counter(ledger, &of->key, counter, "");
		if (error)
			return error;
	}
	index = ledger_find(ledger, &of->key);
	if (index < 0)
		return 0; /* compacted: nothing of it changed since */
	series = &ledger->series[index];
	series->unstored = memcmp(&series->counter, counter, sizeof(*counter)) != 0;
	if (!series->name) {
		ledger_rename(series, of->name, of->source);
		series->renamed = false;
	}
	return 0;
}

int recorder_compare_counters(struct recorder *recorder)
{
	struct comparison comparison = {.ledger = &recorder->ledger};

	for (size_t i = 0; i < recorder->ledger.count; i++)
		recorder->ledger.series[i].unstored = true;
	return store_each_counter(&recorder->store, compare, &comparison);
}

/* The recent database is a new one, and gets all counters with its first slice. */
static int resume_from_store(struct recorder *recorder)
{
	const struct recent_mark base = {recorder->position.journal, recorder->position.slice};
	struct comparison comparison = {.ledger = &recorder->ledger, .resume = true};
	int error = store_each_counter(&recorder->store, compare, &comparison);

	if (!error)
		error = recent_set_base(&recorder->recent, &base);
	if (error)
		return error;
	for (size_t i = 0; i < recorder->ledger.count; i++)
		recorder->ledger.series[i].unsaved = true;
	ledger_resume(&recorder->ledger, recorder->position.tables, recorder->position.taken);
	return 0;
}

/* Whether the database has slices of this boot, and so the counters they were taken to. */
static bool is_of_this_boot(const struct recorder *recorder)
{
	return recorder->store.db.handle && recorder->position.boot == recorder->boot &&
	       recorder->position.tables;
}

uint64_t recorder_stored(const struct recorder *recorder)
{
	return is_of_this_boot(recorder) && recorder->position.journal == recorder->recent.journal
		       ? recorder->position.slice
		       : 0;
}

/*
 * Whether the recent slices go on where the database ends. Where they do not, as their file was
 * lost while the database could not be read, both count the same bytes; where the database is an
 * older copy of itself, slices that neither has are missing.
 */
static bool fit(struct recorder *recorder)
{
	const struct store_position *position = &recorder->position;
	struct recent_mark at = {0, 0};

	if (is_of_this_boot(recorder))
		at = (struct recent_mark){position->journal, position->slice};
	return recent_goes_on_from(&recorder->recent, &at);
}

/* Returns whether they did not fit, and were removed. The counters of the database have all. */
static bool discard_misfit(struct recorder *recorder)
{
	if (fit(recorder))
		return false;
	log_warn("recent counts do not begin where the history ends: they are begun anew");
	recent_discard(&recorder->recent);
	return true;
}

/* Time */

/*
 * An earlier process of this boot may have had proof, also where its last slices have no date: then
 * only what is newer than the setting of the clock proves anything. Slices know more than commits.
 */
static void resume_time(struct recorder *recorder)
{
	int64_t offset;
	int error = recent_last_date(&recorder->recent, &offset);

	if (error == -ENOENT && recorder->store.db.handle)
		error = store_boot_proof(&recorder->store, recorder->boot, &offset);
	if (!error)
		timekeeper_resume(&recorder->keeper, offset * 1000);
}

/* It is later than the start of a final hour: its end may not be over yet. */
static int raise_floor(struct recorder *recorder)
{
	int64_t last = store_last_final(&recorder->store);

	if (last > recorder->keeper.floor_ms / 1000)
		recorder->keeper.floor_ms = last * 1000;
	return last < 0 ? (int)last : 0;
}

/* The database */

void recorder_close_store(struct recorder *recorder)
{
	if (!recorder->store.db.handle)
		return;
	query_free(recorder->query);
	recorder->query = NULL;
	recorder->written_before += recorder->store.written;
	store_close(&recorder->store);
	recorder->store.db.handle = NULL;
}

static int open_store(struct recorder *recorder)
{
	const struct recorder_options *options = recorder->options;
	uint64_t limit =
		options->state_size ? options->state_size : store_default_limit(options->state);
	int64_t boot;
	int error;

	recorder->store = (struct store){.lock = -1};
	error = store_open(&recorder->store, options->state, limit, true);
	if (error)
		return error;
	if (recorder->store.set_aside)
		recorder_trouble(recorder, HISTORY_DAMAGED, true, NULL);
	boot = store_boot(&recorder->store, recorder->boot_id);
	recorder->boot = boot;
	error = boot < 0 ? (int)boot : store_get_position(&recorder->store, &recorder->position);
	if (!error)
		error = raise_floor(recorder);
	if (error)
		recorder_close_store(recorder);
	return error;
}

/* What has no date yet was not noted as recorded, and is once it has one. */
static void begin_store(struct recorder *recorder)
{
	recorder->recorded = recorder_stored(recorder);
	recorder->retry = recorder->retry_at = 0;
	recorder->report_due = true;
	recorder->commit_at = 0; /* to be planned */
}

void recorder_open_store(struct recorder *recorder)
{
	int error = open_store(recorder);

	if (!error && discard_misfit(recorder)) {
		recorder_close_store(recorder);
		recorder->again = true;
		return;
	}
	if (!error)
		error = recorder_compare_counters(recorder);
	recorder_store_trouble(recorder, error);
	if (error)
		recorder_close_store(recorder);
	else
		begin_store(recorder);
}

/* Starting */

int recorder_prepare(struct recorder *recorder)
{
	const int64_t now = (int64_t)(clock_date_ms() / 1000);

	recorder->store = (struct store){.lock = -1};
	process_usage_init(&recorder->process);
	trust_user((uid_t)-1); /* the sandbox lets nobody look users up */
	zone_files_look(&recorder->zone_files);
	recorder->state = look_at(recorder->options->state);
	recorder->recent_directory = look_at(trusted_recent(recorder));
	if (!recorder->read_clock)
		recorder->read_clock = timekeeper_read;
	return zone_load(&recorder->zone, ZONE_FROM, now > FLOOR ? now : FLOOR);
}

static int open_recent(struct recorder *recorder)
{
	const char *dir = trusted_recent(recorder);
	int error = recent_open(&recorder->recent, dir, recorder->boot_id, RECENT_LIMIT);

	recorder_trouble(recorder, HISTORY_NO_RECENT, !error && recorder->recent.in_memory,
		dir ? "cannot be opened" : "no directory of its own");
	return error;
}

static int resume(struct recorder *recorder)
{
	int error = open_recent(recorder);

	if (!error && recorder->recent.last && discard_misfit(recorder))
		error = open_recent(recorder);
	if (error)
		return error;
	if (recorder->recent.last) /* the counters come with the first slice */
		return recent_resume(&recorder->recent, &recorder->ledger);
	if (is_of_this_boot(recorder))
		return resume_from_store(recorder);
	return recent_set_base(&recorder->recent, &(struct recent_mark){0});
}

/* Some containers hide the kernel's boot_id. No tables outlive a boot, as bpffs is in memory. */
static bool name_boot(struct recorder *recorder)
{
	const struct snapshot *snapshot;

	if (*recorder->boot_id)
		return true;
	snapshot = snapshot_shared_read(&recorder->shared);
	if (snapshot)
		snprintf(recorder->boot_id, sizeof(recorder->boot_id), "tables-%016" PRIx64,
			snapshot->tables);
	return snapshot;
}

/* With a long -t, snapshots are far apart though the daemon runs. */
static void begin_ledger(struct recorder *recorder)
{
	const int64_t watched = 3 * (int64_t)recorder->options->interval;

	ledger_init(&recorder->ledger, recorder_take_slice, recorder);
	if (recorder->ledger.watched < watched)
		recorder->ledger.watched = watched;
}

int recorder_start(struct recorder *recorder)
{
	int error;

	if (!name_boot(recorder))
		return -EAGAIN;
	begin_ledger(recorder);
	timekeeper_init(&recorder->keeper, (int64_t)FLOOR * 1000);
	error = open_store(recorder);
	recorder_store_trouble(recorder, error);
	error = resume(recorder);
	if (error)
		return error;
	if (recorder->store.db.handle) {
		if (recorder_compare_counters(recorder) < 0)
			recorder_close_store(recorder);
		else
			begin_store(recorder);
	}
	resume_time(recorder);
	return 0;
}

/*
 * The counters are those of the database then: what is newer is counted anew. Where it has none,
 * they would be lost, so all stays in the open slice.
 */
void recorder_leave_recent(struct recorder *recorder, const char *why)
{
	recorder->failing_since = recorder->boot_s;
	if (recorder->store.db.handle)
		recorder_commit(recorder);
	if (recorder->again || !is_of_this_boot(recorder))
		return;
	log_warn("recent counts cannot be written: %s: they go on in memory", why);
	query_free(recorder->query);
	recorder->query = NULL;
	recent_discard(&recorder->recent);
	ledger_finish(&recorder->ledger);
	begin_ledger(recorder);
	recorder->in_memory = true;
	if (resume(recorder) < 0 || recorder_compare_counters(recorder) < 0)
		recorder->again = true;
	else
		begin_store(recorder);
}

void recorder_close(struct recorder *recorder)
{
	recorder_close_store(recorder);
	recent_close(&recorder->recent);
	ledger_finish(&recorder->ledger);
	zone_free(&recorder->zone);
}

/* A failed commit is tried again by itself, and forgets them, too. */
static void look_for_forgotten(struct recorder *recorder)
{
	struct history_host host;

	if (recorder->store.db.handle && !recorder->retry &&
		store_next_forgotten(&recorder->store, &host) > 0)
		recorder_commit(recorder);
}

void recorder_look(struct recorder *recorder)
{
	struct zone_files files;

	zone_files_look(&files);
	recorder->look_at = recorder->boot_s + LOOK_S;
	if (!zone_files_same(&files, &recorder->zone_files) ||
		is_another(&recorder->state, recorder->options->state) ||
		is_another(&recorder->recent_directory, trusted_recent(recorder)) ||
		(recorder->keeper.state != TIMEKEEPER_WAITS &&
			recorder->boot_s + recorder->offset > recorder->zone.end - ZONE_AHEAD)) {
		recorder_begin_again(recorder);
		return;
	}
	if (!recent_is_there(&recorder->recent)) {
		recorder_lose_recent(recorder, "removed");
		return;
	}
	if (recorder->store.db.handle && !store_is_there(&recorder->store))
		recorder_close_store(recorder);
	if (!recorder->store.db.handle)
		recorder_open_store(recorder);
	look_for_forgotten(recorder);
}
