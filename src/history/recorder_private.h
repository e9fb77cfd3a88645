/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the recorder share, and its tests use without a process. */
#ifndef MZ_HISTORY_RECORDER_PRIVATE_H
#define MZ_HISTORY_RECORDER_PRIVATE_H

#include <sys/types.h>

#include "base/log.h"
#include "history/ledger.h"
#include "history/query.h"
#include "history/recent.h"
#include "history/store.h"
#include "history/timekeeper.h"
#include "history/zone.h"
#include "model/process_usage.h"
#include "model/snapshot_shared.h"

struct recorder_options;

#define RECORDER_SLICE 300 /* seconds: slices end at multiples of it, by date */

/* A directory as it was when the sandbox was entered. All zero: there was none. */
struct recorder_directory {
	dev_t device;
	ino_t inode;
};

struct recorder {
	const struct recorder_options *options;
	char boot_id[64]; /* empty: the kernel hides it, and the tables name the boot */
	struct snapshot_shared shared;
	uint32_t sequence; /* of the snapshot that was taken last */
	struct ledger ledger;
	struct recent recent;
	bool in_memory;	       /* the recent slices could not be written to their directory */
	int64_t failing_since; /* boot time; 0: slices can be written */
	int64_t whole;	 /* boot time: the last snapshot that was not being made from old tables */
	uint64_t pruned; /* the last slice at that time */

	/* time: boot_s and offset make the date that is believed */
	struct timekeeper keeper;
	void (*read_clock)(struct timekeeper_reading *reading, const char *stamp);
	struct timekeeper_reading now;
	int64_t boot_s; /* now, CLOCK_BOOTTIME */
	int64_t offset; /* seconds: date - boot time */
	bool proven;
	int64_t unproven_since; /* boot time */
	struct zone zone;
	struct zone_files zone_files;

	/* the database; closed: store.db.handle is NULL */
	struct store store;
	int64_t boot; /* its id of this boot */
	struct store_position position;
	uint64_t recorded;	 /* the last slice whose time was noted with store_add_recorded() */
	bool gap;		 /* nobody watched that one */
	int64_t commit_at;	 /* boot time; 0: to be planned */
	int64_t retry_at, retry; /* boot time; seconds: growing waits after failures */
	bool settle_recent;	 /* recent slices are to get their date */
	bool settle;		 /* held rows are to get theirs */
	int64_t settle_offset;	 /* by which they do: offset when the clock was proven */
	bool again;		 /* this process is to end, and another one to be started */
	int64_t look_at;	 /* boot time: look at files and directories */
	struct recorder_directory state, recent_directory;

	/* what is told */
	struct history_report report;
	uint32_t said;				    /* bits of troubles that the log has */
	struct log_limit limits[HISTORY_TROUBLES];  /* a line a minute each */
	uint64_t written_before, written_yesterday; /* bytes: of closed stores; at midnight */
	int64_t today;				    /* local date, as days since 1970 */
	struct process_usage process;
	bool report_due; /* the parts that take a query */

	/* questions */
	struct query_sources sources;
	struct query *query;
	uint64_t asked; /* the number of the question */
	_Alignas(8) unsigned char message[HISTORY_MESSAGE];
};

/*
 * Opens the files, and resumes from them. Before the sandbox: recorder_prepare(). recorder: zeroed,
 * but options, boot_id, shared and, for a test, read_clock. What is missing is a trouble in the
 * report. Return 0; recorder_start() -EAGAIN: call it again when there is a snapshot, which names
 * the boot; or -errno where nothing can be recorded at all.
 */
int recorder_prepare(struct recorder *recorder);
int recorder_start(struct recorder *recorder);
void recorder_close(struct recorder *recorder);

/* To be called every --interval. Afterwards again may be set. */
void recorder_pull(struct recorder *recorder);

/* Takes the last snapshot, closes the slice, and commits. */
void recorder_finish(struct recorder *recorder);

/* Closes the open slice, and ends what cannot go on in this process. */
void recorder_begin_again(struct recorder *recorder);

/* Looks whether files and directories are still those that were opened. */
void recorder_look(struct recorder *recorder);

/* The recent slices cannot be used any more. Saves what can be saved, and begins again. */
void recorder_lose_recent(struct recorder *recorder, const char *why);

/* The recent slices cannot be written for long: goes on in memory. */
void recorder_leave_recent(struct recorder *recorder, const char *why);

/* Opens the database, and checks that it fits the recent slices. */
void recorder_open_store(struct recorder *recorder);
void recorder_close_store(struct recorder *recorder);

/* Notes which counters the database does not have. Returns 0 or -errno. */
int recorder_compare_counters(struct recorder *recorder);

/* The close() of the ledger: context is the recorder. */
int recorder_take_slice(void *context, const struct ledger_slice *slice);

/* The last recent slice that is in the database; 0: none. */
uint64_t recorder_stored(const struct recorder *recorder);

/* Writes what is recent to the database, and plans the next commit. Returns 0 or -errno. */
int recorder_commit(struct recorder *recorder);
void recorder_plan_commit(struct recorder *recorder);
bool recorder_commit_is_due(const struct recorder *recorder);

/* Begins or ends a trouble: a line in the log each. detail: of the line, or NULL. */
void recorder_trouble(
	struct recorder *recorder, enum history_trouble trouble, bool is, const char *detail);

/* The trouble with the database that error stands for, instead of another one; 0: none. */
void recorder_store_trouble(struct recorder *recorder, int error);

/* Keeps what was written today, for the next process. Where that fails, the next commit does. */
void recorder_note_written(struct recorder *recorder);

/* Fills the report. */
void recorder_report(struct recorder *recorder);

/*
 * Takes a message of length bytes from the exporter. Returns the length of the answer in message,
 * which is one message; 0: none.
 */
size_t recorder_answer(struct recorder *recorder, const void *question, size_t length);

#endif
