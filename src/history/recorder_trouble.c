// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes wrong, in the log and in the report; and the report. */
#include <errno.h>
#include <string.h>

#include "history/recorder.h"
#include "history/recorder_private.h"

/* The troubles that keep the database from being written: at most one of them at a time. */
#define STORE_TROUBLES                                                                             \
	(1u << HISTORY_NO_DIRECTORY | 1u << HISTORY_NOT_WRITABLE | 1u << HISTORY_DISK_FULL |       \
		1u << HISTORY_DISK_ERROR | 1u << HISTORY_IN_USE | 1u << HISTORY_NEWER)

static const char waits[] = "what is counted waits in memory until it can be written";

static void log_begin(
	const struct recorder *recorder, enum history_trouble trouble, const char *detail)
{
	const char *state = recorder->options->state;

	switch (trouble) {
	case HISTORY_NO_DIRECTORY:
		log_warn("--state %s: no such directory: %s", state, waits);
		break;
	case HISTORY_NOT_WRITABLE:
		log_warn("--state %s: cannot write there: %s: %s", state, detail, waits);
		break;
	case HISTORY_DISK_FULL:
		log_warn("--state %s: no space left: %s", state, waits);
		break;
	case HISTORY_DISK_ERROR:
		log_error("--state %s: cannot write the history: %s: %s", state, detail, waits);
		break;
	case HISTORY_IN_USE:
		log_warn("--state %s: another program writes the history there: %s", state, waits);
		break;
	case HISTORY_NEWER:
		log_error("--state %s: the history is of a newer mezoura, and left as it is: %s",
			state, waits);
		break;
	case HISTORY_DAMAGED:
		log_error("--state %s: the history was damaged: a new one was begun", state);
		break;
	case HISTORY_SHORTENED:
		log_info("--state %s: old rows were removed to stay within --state-size", state);
		break;
	case HISTORY_NO_RECENT:
		log_warn("%s: cannot keep recent counts there: %s: a restart loses their detail",
			recorder->options->recent ? recorder->options->recent : "(no directory)",
			detail);
		break;
	case HISTORY_CLOCK:
		log_warn("the clock is not known to be right: the history has no certain dates "
			 "until an NTP client reports");
		break;
	case HISTORY_LOST:
		log_error("counters fell: %llu bytes are not in the history",
			(unsigned long long)recorder->ledger.lost);
		break;
	case HISTORY_NO_SQLITE:
		log_error("libsqlite3.so.0 is missing: no history is kept");
		break;
	case HISTORY_WAITS:
		log_warn("the counts of another version are not taken over yet: the history waits "
			 "for them");
		break;
	case HISTORY_TROUBLES:
		break;
	}
}

static void log_end(const struct recorder *recorder, enum history_trouble trouble)
{
	if (STORE_TROUBLES & 1u << trouble)
		log_info("--state %s: the history is written again", recorder->options->state);
	else if (trouble == HISTORY_CLOCK)
		log_info("the clock is right: the history has its dates");
	else if (trouble == HISTORY_WAITS)
		log_info("the counts of another version are taken over: the history goes on");
	else if (trouble == HISTORY_NO_RECENT)
		log_info("%s: recent counts are kept again", recorder->options->recent);
}

/* The end of a trouble is only told where its beginning was. */
void recorder_trouble(
	struct recorder *recorder, enum history_trouble trouble, bool is, const char *detail)
{
	uint32_t bit = 1u << trouble;

	if (is && !(recorder->said & bit) && log_due(&recorder->limits[trouble])) {
		log_begin(recorder, trouble, detail);
		recorder->said |= bit;
	}
	if (!is && (recorder->said & bit)) {
		log_end(recorder, trouble);
		recorder->said &= ~bit;
	}
	if (is)
		recorder->report.trouble |= bit;
	else
		recorder->report.trouble &= ~bit;
}

static enum history_trouble trouble_of(int error)
{
	switch (-error) {
	case ENOENT:
	case ENOTDIR:
		return HISTORY_NO_DIRECTORY;
	case EACCES:
	case EPERM:
	case EROFS:
	case ELOOP:
	case EISDIR:
	case EINVAL:
		return HISTORY_NOT_WRITABLE;
	case ENOSPC:
	case EDQUOT:
		return HISTORY_DISK_FULL;
	case EBUSY:
		return HISTORY_IN_USE;
	case EMEDIUMTYPE:
		return HISTORY_NEWER;
	case ENOSYS:
		return HISTORY_NO_SQLITE;
	default:
		return HISTORY_DISK_ERROR;
	}
}

void recorder_store_trouble(struct recorder *recorder, int error)
{
	enum history_trouble now = error ? trouble_of(error) : HISTORY_TROUBLES;

	for (unsigned i = 0; i < HISTORY_TROUBLES; i++)
		if (i != now && (STORE_TROUBLES & 1u << i)) {
			if (error) /* another trouble follows: nothing is well again */
				recorder->said &= ~(1u << i);
			recorder_trouble(recorder, (enum history_trouble)i, false, NULL);
		}
	if (error)
		recorder_trouble(recorder, now, true, strerror(-error));
}

/* The part that takes queries: it changes with slices and commits. */
static void fill_from_files(struct recorder *recorder)
{
	struct history_report *report = &recorder->report;

	if (recorder->store.db.handle)
		store_fill_report(&recorder->store, report);
	recorder_trouble(recorder, HISTORY_SHORTENED,
		recorder->store.db.handle && recorder->store.shortened, NULL);
	if (recorder->recent.db.handle)
		report->recent_bytes = sqlite_bytes(&recorder->recent.db);
	recorder->report_due = false;
}

static uint64_t written(const struct recorder *recorder)
{
	return recorder->written_before + (recorder->store.db.handle ? recorder->store.written : 0);
}

/* What an earlier process wrote today counts, too: as if yesterday had been that much less. */
static uint64_t written_today(struct recorder *recorder)
{
	int64_t today = zone_day_of(&recorder->zone, recorder->boot_s + recorder->offset);

	if (!recorder->today && today == recorder->recent.written_on)
		recorder->written_yesterday -= recorder->recent.written;
	else if (recorder->today && today != recorder->today)
		recorder->written_yesterday = written(recorder);
	recorder->today = today;
	return written(recorder) - recorder->written_yesterday;
}

void recorder_note_written(struct recorder *recorder)
{
	uint64_t bytes = written_today(recorder);

	recent_note_written(&recorder->recent, recorder->today, bytes);
}

void recorder_report(struct recorder *recorder)
{
	struct history_report *report = &recorder->report;
	struct snapshot_process process;

	if (recorder->report_due)
		fill_from_files(recorder);
	report->size = sizeof(*report);
	report->kind = HISTORY_REPORT;
	report->written = written(recorder);
	report->written_today = written_today(recorder);
	report->lost_bytes = recorder->ledger.lost;
	process_usage_read(&recorder->process, &process);
	report->cpu_us = process.cpu_us;
	report->resident_bytes = process.resident_bytes;
	report->started_ms = process.started_ms;
	memcpy(report->zone, recorder->zone.name, sizeof(report->zone));
}
