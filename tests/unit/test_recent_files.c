// SPDX-License-Identifier: GPL-2.0-or-later
/* The file of the recent slices: other ones in its place, and none. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "history/recent.h"
#include "slices.h"

static void write_garbage(const char *bytes, size_t size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void begins_anew(const char *boot)
{
	struct recent recent = {0};

	assert_int_equal(recent_open(&recent, dir, boot, RECENT_LIMIT), 0);
	assert_true(recent.is_new);
	assert_false(recent.in_memory);
	assert_true(recent.journal != 0);
	assert_true(recent_is_there(&recent));
	recent_close(&recent);
}

static void what_cannot_be_gone_on_with_is_begun_anew(void **state)
{
	struct recent recent = {0};

	(void)state;
	begins_anew(BOOT);
	begins_anew("another boot");
	write_garbage("no database ", 12);
	begins_anew(BOOT);
	assert_int_equal(truncate(file, 5000), 0);
	begins_anew(BOOT);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("/nowhere/at/all", file), 0);
	begins_anew(BOOT);
	assert_int_equal(recent_open(&recent, dir, BOOT, RECENT_LIMIT), 0);
	assert_false(recent.is_new); /* and that one is gone on with */
	assert_int_equal(sqlite_run(&recent.db, "PRAGMA user_version=99"), 0);
	recent_close(&recent);
	begins_anew(BOOT);
	assert_int_equal(unlink(file), 0);
}

static void without_a_directory_it_is_in_memory(void **state)
{
	struct recent recent = {0};

	(void)state;
	assert_int_equal(recent_open(&recent, NULL, BOOT, RECENT_LIMIT), 0);
	assert_true(recent.in_memory && recent.is_new && recent_is_there(&recent));
	recent_close(&recent);
	assert_int_equal(recent_open(&recent, "/nowhere/at/all", BOOT, RECENT_LIMIT), 0);
	assert_true(recent.in_memory);
	recent_close(&recent);
	assert_int_equal(mkdir(file, 0700), 0); /* a directory of its name is not removed */
	assert_int_equal(recent_open(&recent, dir, BOOT, RECENT_LIMIT), 0);
	assert_true(recent.in_memory);
	recent_close(&recent);
	assert_int_equal(rmdir(file), 0);
}

/* What it has can still be read, so that it goes to the database before another one is begun. */
static void a_file_that_was_removed_is_noticed(void **state)
{
	struct counted kernel = {.tables = 7, .since_s = 1};
	uint64_t seed = 9;
	struct run run;

	(void)state;
	open_run(&run, &kernel, RECENT_LIMIT);
	for (int i = 0; i < 3; i++) {
		counted_rise(&kernel, &seed);
		run.now += 300;
		assert_int_equal(take(&run, run.now), 0);
		assert_int_equal(ledger_close(&run.ledger), 0);
		assert_true(recent_is_there(&run.recent));
	}
	assert_int_equal(unlink(file), 0);
	assert_false(recent_is_there(&run.recent));
	assert_int_equal(sum_of(&run, 0, UINT64_MAX).slices, 3);
	check_sums(&run);
	recent_discard(&run.recent);
	close_run(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_gone_on_with_is_begun_anew),
		cmocka_unit_test(without_a_directory_it_is_in_memory),
		cmocka_unit_test(a_file_that_was_removed_is_noticed),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("recent files", tests, make_directory, remove_directory);
}
