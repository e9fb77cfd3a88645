// SPDX-License-Identifier: GPL-2.0-or-later
/* The recent slices: whatever happens to them, they and the counters add up. */
#include "unit.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "history/recent.h"
#include "slices.h"

static void reopen(struct run *run, uint64_t limit)
{
	struct run last = *run;

	close_run(run);
	open_run(run, last.kernel, limit);
	assert_false(run->recent.is_new);
	assert_int_equal(run->recent.journal, last.recent.journal);
	assert_int_equal(run->recent.last, last.recent.last);
	assert_int_equal(run->ledger.closed, last.ledger.closed);
	assert_int_equal(run->ledger.tables, last.ledger.tables);
	memcpy(run->in_store, last.in_store, sizeof(last.in_store));
	run->stored = last.stored;
	run->now = last.now;
	run->offset = last.offset;
	run->proven = last.proven;
}

static void step(struct run *run, uint64_t *seed, uint64_t limit)
{
	uint64_t ahead = run->recent.last - run->stored;

	counted_rise(run->kernel, seed);
	run->now += 1 + (int64_t)counted_random(seed, 400);
	assert_int_equal(take(run, (run->now - 50) / 300 * 300), 0);
	switch (counted_random(seed, 12)) {
	case 0:
		assert_int_equal(ledger_close(&run->ledger), 0);
		break;
	case 1:
		reopen(run, limit);
		break;
	case 2:
		store(run, run->stored + counted_random(seed, ahead + 1));
		break;
	case 3:
		assert_int_equal(recent_settle(&run->recent, run->offset), 0);
		assert_int_equal(sum_of(run, 0, UINT64_MAX).undated, 0);
		break;
	case 4:
		run->proven = !run->proven;
		run->offset = (int64_t)counted_random(seed, 2000000000);
		break;
	case 5: /* the tables are made anew: the rest of the old ones is in slices */
		if (counted_random(seed, 5) == 0) {
			assert_int_equal(ledger_close(&run->ledger), 0);
			store(run, run->recent.last);
			memset(run->in_store, 0, sizeof(run->in_store));
			*run->kernel = (struct counted){
				.tables = run->kernel->tables + 1, .since_s = (uint64_t)run->now};
			run->now += 10;
			assert_int_equal(take(run, 0), 0);
			assert_int_equal(ledger_close(&run->ledger), 0);
		}
		break;
	default:
		assert_int_equal(recent_prune(&run->recent, run->stored), 0);
	}
	check_sums(run);
}

static void slices_and_counters_add_up(void **state)
{
	struct counted kernel = {.tables = 7, .since_s = 1};
	uint64_t seed = 42, limit = 44 << 10; /* so low that much is merged and removed */
	struct run run;

	(void)state;
	open_run(&run, &kernel, limit);
	assert_true(run.recent.is_new);
	for (unsigned i = rounds(1500, 100); i > 0; i--)
		step(&run, &seed, limit);
	assert_true(sum_of(&run, 0, UINT64_MAX).slices < run.recent.last);
	assert_int_equal(recent_prune(&run.recent, run.stored), 0);
	assert_true(sqlite_bytes(&run.recent.db) <= limit);
	recent_discard(&run.recent);
	close_run(&run);
}

static void what_is_not_stored_is_merged_never_removed(void **state)
{
	struct counted kernel = {.tables = 7, .since_s = 1};
	uint64_t seed = 3, limit = 44 << 10;
	struct run run;

	(void)state;
	open_run(&run, &kernel, limit);
	for (int i = 0; i < 300; i++) {
		counted_rise(&kernel, &seed);
		run.now += 300;
		assert_int_equal(take(&run, run.now), 0);
		assert_int_equal(ledger_close(&run.ledger), 0);
		assert_int_equal(recent_prune(&run.recent, 0), 0);
		check_sums(&run);
	}
	assert_int_equal(run.recent.last, 300);
	assert_between(sum_of(&run, 0, UINT64_MAX).slices, 2, 150);
	assert_between(sum_of(&run, 0, UINT64_MAX).unwatched, 1, 150);
	assert_between(sqlite_bytes(&run.recent.db), 1, limit);
	store(&run, 300); /* now they may go */
	run.recent.limit = 36 << 10;
	assert_int_equal(recent_prune(&run.recent, run.stored), 0);
	assert_between(sqlite_bytes(&run.recent.db), 1, 36 << 10);
	check_sums(&run);
	recent_discard(&run.recent);
	close_run(&run);
}

/* A limit that cannot be kept to does not loop. */
static void one_slice_is_never_too_much(void **state)
{
	struct counted kernel = {.tables = 7, .since_s = 1};
	uint64_t seed = 3;
	struct run run;

	(void)state;
	open_run(&run, &kernel, 1);
	for (int i = 0; i < 5; i++) {
		counted_rise(&kernel, &seed);
		run.now += 300;
		assert_int_equal(take(&run, run.now), 0);
		assert_int_equal(ledger_close(&run.ledger), 0);
		assert_int_equal(recent_prune(&run.recent, 0), 0);
		check_sums(&run);
	}
	assert_int_equal(sum_of(&run, 0, UINT64_MAX).slices, 1);
	recent_discard(&run.recent);
	close_run(&run);
}

/* In a child that is killed: as fast as it can, until then. */
static void write_until_the_end(struct counted *kernel, uint64_t seed)
{
	struct run run;

	open_run(&run, kernel, 44 << 10);
	for (;;) {
		counted_rise(kernel, &seed);
		run.now += 300;
		if (take(&run, run.now) < 0 || ledger_close(&run.ledger) < 0 ||
			recent_prune(&run.recent, 0) < 0)
			_exit(1);
	}
}

static void a_kill_loses_nothing_and_doubles_nothing(void **state)
{
	struct counted *kernel = mmap(
		NULL, sizeof(*kernel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct run run;
	uint64_t slices = 0;

	(void)state;
	assert_ptr_not_equal(kernel, MAP_FAILED);
	kernel->tables = 7;
	kernel->since_s = 1;
	for (unsigned i = 0; i < rounds(60, 10); i++) {
		uint64_t enough = kernel->number + 2 + i % 5; /* snapshots */
		pid_t child = fork();
		int status;

		if (child == 0)
			write_until_the_end(kernel, i);
		while (*(const volatile uint64_t *)&kernel->number < enough)
			usleep(100);
		usleep(i % 7 * 300);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status)); /* it had no error */
		open_run(&run, kernel, 44 << 10);
		check_sums(&run);
		slices = run.recent.last;
		close_run(&run);
	}
	assert_true(slices > 0);
	open_run(&run, kernel, 44 << 10); /* what was counted since the last slice */
	run.now += 300;
	assert_int_equal(take(&run, run.now), 0);
	assert_int_equal(ledger_close(&run.ledger), 0);
	check_sums(&run);
	for (unsigned i = 0; i <= COUNTED_HOSTS; i++) {
		const struct mz_counts sum = sum_of(&run, 0, UINT64_MAX).of[i];

		assert_memory_equal(&sum, counted_of(kernel, i), sizeof(sum));
	}
	recent_discard(&run.recent);
	close_run(&run);
	munmap(kernel, sizeof(*kernel));
}

/* Many hosts, of which the tables forget the counts again where they are gone. */
#define MANY 400

static void take_many(struct run *run, struct snapshot *snapshot, unsigned count, uint64_t bytes)
{
	struct snapshot_host *hosts = (struct snapshot_host *)snapshot->data;

	memset(snapshot, 0, sizeof(*snapshot) + MANY * sizeof(*hosts));
	snapshot->tables = 1;
	snapshot->tables_since_s = 1;
	snapshot->host_count = count;
	for (unsigned i = 0; i < count; i++) {
		hosts[i].counts.bytes[MZ_UPLOAD] = bytes;
		hosts[i].family = AF_INET;
		memcpy(hosts[i].mac, (uint8_t[]){2, 0, 0, 1, (uint8_t)(i >> 8), (uint8_t)i}, 6);
	}
	snapshot->unattributed[MZ_UPLOAD][MZ_FORGOTTEN].bytes = (MANY - count) * bytes;
	run->now += 300;
	assert_int_equal(ledger_take(&run->ledger, snapshot, run->now, run->now), 0);
	assert_int_equal(ledger_close(&run->ledger), 0);
}

static uint64_t uploaded(struct run *run)
{
	struct sum sum = {.ledger = &run->ledger, .any = true, .up_to = UINT64_MAX};

	assert_int_equal(recent_each(&run->recent, &run->ledger, 0, add_up, &sum), 0);
	return sum.of[0].bytes[MZ_UPLOAD];
}

static void compact(struct run *run)
{
	for (size_t i = 0; i < run->ledger.count; i++)
		run->ledger.series[i].unstored = false;
	assert_true(ledger_has_many_gone(&run->ledger));
	assert_int_equal(recent_drop_gone(&run->recent, &run->ledger), 0);
	ledger_compact(&run->ledger);
}

/* The ledger knows all whose rows are still there, and those that come back later. */
static void hosts_that_are_gone(void **state)
{
	struct snapshot *snapshot = malloc(sizeof(*snapshot) + MANY * sizeof(struct snapshot_host));
	struct counted kernel = {0};
	struct run run;

	(void)state;
	assert_non_null(snapshot);
	unlink(file);
	open_run(&run, &kernel, RECENT_LIMIT);
	take_many(&run, snapshot, MANY, 1000);
	take_many(&run, snapshot, 1, 1000);
	compact(&run);
	assert_true(run.ledger.count > MANY);
	assert_int_equal(uploaded(&run), MANY * 1000);
	run.recent.limit = 0;
	assert_int_equal(recent_prune(&run.recent, run.recent.last), 0);
	compact(&run);
	assert_true(run.ledger.count < 5);
	run.recent.limit = RECENT_LIMIT;
	take_many(&run, snapshot, MANY, 1000);
	take_many(&run, snapshot, MANY, 1500);
	assert_int_equal(uploaded(&run), (MANY - 1) * 1000 + MANY * 500);
	close_run(&run);
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_and_counters_add_up),
		cmocka_unit_test(what_is_not_stored_is_merged_never_removed),
		cmocka_unit_test(one_slice_is_never_too_much),
		cmocka_unit_test(a_kill_loses_nothing_and_doubles_nothing),
		cmocka_unit_test(hosts_that_are_gone),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("recent", tests, make_directory, remove_directory);
}
