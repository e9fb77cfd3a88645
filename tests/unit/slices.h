/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recent slices in a directory of the test's own, with the ledger that makes them. */
#ifndef SLICES_H
#define SLICES_H

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "counted.h"
#include "history/recent.h"

#define BOOT "6c1ee4c3-0000-4000-8000-000000000001"

static char dir[] = "/tmp/mz-recent-XXXXXX", file[64];

/* A ledger, its slices, and the counters that the kernel has. */
struct run {
	struct ledger ledger;
	struct recent recent;
	struct counted *kernel;
	struct snapshot *snapshot;
	uint64_t stored; /* slices up to this one are in the database */
	struct mz_counts in_store[COUNTED_HOSTS + 1];
	int64_t now, offset;
	bool proven;
};

static inline int close_slice(void *context, const struct ledger_slice *slice)
{
	struct run *run = context;

	return recent_add(&run->recent, &run->ledger, slice, run->proven ? &run->offset : NULL);
}

static inline void open_run(struct run *run, struct counted *kernel, uint64_t limit)
{
	*run = (struct run){
		.kernel = kernel, .snapshot = malloc(sizeof(*run->snapshot) + COUNTED_ROOM)};
	assert_non_null(run->snapshot);
	ledger_init(&run->ledger, close_slice, run);
	assert_int_equal(recent_open(&run->recent, dir, BOOT, limit), 0);
	assert_false(run->recent.in_memory);
	assert_int_equal(recent_resume(&run->recent, &run->ledger), 0);
	run->now = run->ledger.closed;
}

static inline void close_run(struct run *run)
{
	recent_close(&run->recent);
	ledger_finish(&run->ledger);
	free(run->snapshot);
}

static inline int take(struct run *run, int64_t mark)
{
	counted_fill(run->snapshot, run->kernel);
	return ledger_take(&run->ledger, run->snapshot, run->now, mark);
}

struct sum {
	const struct ledger *ledger;
	struct mz_counts of[COUNTED_HOSTS + 1];
	bool any; /* who it is does not matter */
	uint64_t up_to, slices, last, undated, unwatched;
	int64_t ended, offset;
};

static inline int add_up(
	void *context, const struct recent_slice *slice, const struct ledger_row *row)
{
	struct sum *sum = context;

	if (slice->number > sum->up_to)
		return 1;
	if (!row) {
		assert_true(slice->number > sum->last); /* in order, and none overlaps another */
		assert_true(slice->began >= sum->ended && slice->ended >= slice->began);
		sum->last = slice->number;
		sum->ended = slice->ended;
		sum->offset = slice->offset;
		sum->slices++;
		sum->undated += !slice->has_date;
		sum->unwatched += slice->unwatched;
		return 0;
	}
	for (unsigned i = 0; i <= COUNTED_HOSTS; i++) {
		const struct history_key key = counted_key(i);

		if (sum->any ||
			memcmp(&sum->ledger->series[row->series].key, &key, sizeof(key)) == 0) {
			sums_add(&sum->of[i], &row->counts);
			return 0;
		}
	}
	fail_msg("a row of nobody");
	return 0;
}

/* What slices (after, up_to] have. */
static inline struct sum sum_of(struct run *run, uint64_t after, uint64_t up_to)
{
	struct sum sum = {.ledger = &run->ledger, .up_to = up_to};

	assert_true(recent_each(&run->recent, &run->ledger, after, add_up, &sum) >= 0);
	return sum;
}

/* The slices that are not stored, and those that were, are what the counters are at. */
static inline void check_sums(struct run *run)
{
	struct sum sum = sum_of(run, run->stored, UINT64_MAX);

	for (unsigned i = 0; i <= COUNTED_HOSTS; i++) {
		const struct history_key key = counted_key(i);
		int64_t index = ledger_find(&run->ledger, &key);
		const struct mz_counts *counter =
			index < 0 ? &(struct mz_counts){0} : &run->ledger.series[index].counter;

		sums_add(&sum.of[i], &run->in_store[i]);
		assert_memory_equal(&sum.of[i], counter, sizeof(*counter));
	}
}

/* The database takes slices up to number. */
static inline void store(struct run *run, uint64_t number)
{
	struct sum sum = sum_of(run, run->stored, number);

	for (unsigned i = 0; i <= COUNTED_HOSTS; i++)
		sums_add(&run->in_store[i], &sum.of[i]);
	run->stored = number;
}

static inline int make_directory(void **state)
{
	(void)state;
	if (sqlite_load() < 0 || !mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/%s", dir, RECENT_FILE);
	return 0;
}

static inline int remove_directory(void **state)
{
	char journal[80];

	(void)state;
	snprintf(journal, sizeof(journal), "%s-journal", file);
	unlink(journal);
	unlink(file);
	return rmdir(dir);
}

#endif
