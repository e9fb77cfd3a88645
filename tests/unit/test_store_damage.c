// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are no database of ours, disks that are full, directories that are not to be written.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "history/store.h"

static void expect(const char *path, const char *text)
{
	char found[64] = "";
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_true(fread(found, 1, sizeof(found) - 1, file) <= strlen(text));
	fclose(file);
	assert_string_equal(found, text);
}

/* Whether a new, empty database is made, and the old one is at this name. */
static void expect_aside(const char *directory, const char *name)
{
	struct store store;

	assert_int_equal(store_open(&store, directory, 0, true), 0);
	assert_true(store.set_aside);
	assert_int_equal(access(in(directory, name), F_OK), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM host"), 0);
	store_close(&store);
	assert_int_equal(store_open(&store, directory, 0, true), 0);
	assert_false(store.set_aside);
	store_close(&store);
}

static void garbage_is_put_aside(void **state)
{
	put(in(*state, "history.db"), "this is no database, and not short either: 0123456789");
	expect_aside(*state, "history.db.damaged-1");
	expect(in(*state, "history.db.damaged-1"),
		"this is no database, and not short either: 0123456789");
}

static void another_programs_database_is_put_aside(void **state)
{
	struct sqlite db = {0};

	assert_int_equal(sqlite_open(&db, in(*state, "history.db"), false), 0);
	assert_int_equal(sqlite_run(&db, "CREATE TABLE host (x)"), 0);
	sqlite_close(&db);
	expect_aside(*state, "history.db.damaged-1");
}

/* However much of it is missing, a truncated database is noticed when it is opened. */
static void a_truncated_database_is_put_aside(void **state)
{
	struct stat status;
	struct store store;
	off_t size = 0;

	fill(*state);
	assert_int_equal(stat(in(*state, "history.db"), &status), 0);
	assert_int_equal(rename(in(*state, "history.db"), in(*state, "whole")), 0);
	for (size = 512; size < status.st_size; size += 1536) {
		char command[512];

		snprintf(command, sizeof(command), "cp %s %s", in(*state, "whole"),
			in(*state, "history.db"));
		assert_int_equal(system(command), 0);
		assert_int_equal(truncate(in(*state, "history.db"), size), 0);
		/* without the lock it is not put aside */
		assert_int_equal(store_open(&store, *state, 0, false), -EUCLEAN);
		assert_int_equal(store_open_to_read(&store, *state), -EUCLEAN);
		assert_int_equal(access(in(*state, "history.db.damaged-1"), F_OK), -1);
		expect_aside(*state, "history.db.damaged-1");
		assert_int_equal(stat(in(*state, "history.db.damaged-1"), &status), 0);
		assert_int_equal(status.st_size, size);
		assert_int_equal(unlink(in(*state, "history.db.damaged-1")), 0);
		unlink(in(*state, "history.db.damaged-1-journal"));
		assert_int_equal(stat(in(*state, "whole"), &status), 0);
	}
}

static void pages_of_garbage_are_noticed(void **state)
{
	char garbage[1024];
	int fd;

	memset(garbage, 0xa5, sizeof(garbage));
	fill(*state);
	fd = open(in(*state, "history.db"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 20 * 1024), sizeof(garbage));
	close(fd);
	expect_aside(*state, "history.db.damaged-1");
}

/* Damage that comes while the database is open is met, and looked for at the next opening. */
static void damage_is_met_and_then_put_aside(void **state)
{
	char garbage[1024];
	struct store store;
	int fd, error = 0;

	memset(garbage, 0xa5, sizeof(garbage));
	fill(*state);
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	fd = open(in(*state, "history.db"), O_WRONLY | O_CLOEXEC);
	for (int page = 2; page < 40; page++)
		assert_int_equal(
			pwrite(fd, garbage, sizeof(garbage), page * 1024), sizeof(garbage));
	/* close(2) would drop the locks that SQLite has of the file */
	assert_int_equal(sqlite_run(&store.db, "PRAGMA shrink_memory"), 0);
	assert_int_equal(store_begin(&store), 0);
	for (unsigned i = 0; i < 200 && !error; i++) {
		struct history_key key = store_key(i);
		int64_t id = store_host(&store, &key, "new", NULL);

		error = id < 0 ? (int)id
			       : store_add_hour(
					 &store, &berlin, NOON, NOON + HOUR, false, id, &some);
	}
	assert_int_equal(error, -EUCLEAN);
	store_rollback(&store);
	store_close(&store);
	close(fd);
	expect_aside(*state, "history.db.damaged-1");
}

static void its_journal_goes_with_it(void **state)
{
	struct stat before, after;

	fill(*state);
	put(in(*state, "history.db"), "this is no database");
	assert_int_equal(stat(in(*state, "history.db-journal"), &before), 0);
	expect_aside(*state, "history.db.damaged-1");
	assert_int_equal(stat(in(*state, "history.db.damaged-1-journal"), &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	/* nor does a journal that is put aside get another database's name */
	unlink(in(*state, "history.db.damaged-1"));
	put(in(*state, "history.db"), "this is no database");
	expect_aside(*state, "history.db.damaged-2");
}

static void at_most_three_are_put_aside_and_none_is_deleted(void **state)
{
	struct store store;

	for (int i = 1; i <= STORE_ASIDE; i++) {
		char name[32], text[32];

		snprintf(name, sizeof(name), "history.db.damaged-%d", i);
		snprintf(text, sizeof(text), "garbage %d", i);
		put(in(*state, "history.db"), text);
		expect_aside(*state, name);
	}
	put(in(*state, "history.db"), "garbage 4");
	assert_int_equal(store_open(&store, *state, 0, true), -EUCLEAN);
	expect(in(*state, "history.db"), "garbage 4");
	expect(in(*state, "history.db.damaged-1"), "garbage 1");
	expect(in(*state, "history.db.damaged-3"), "garbage 3");
	/* once the user has removed one, it goes on */
	unlink(in(*state, "history.db.damaged-2"));
	unlink(in(*state, "history.db.damaged-2-journal"));
	expect_aside(*state, "history.db.damaged-2");
}

static void an_empty_file_is_a_new_database(void **state)
{
	struct store store;

	put(in(*state, "history.db"), "");
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_false(store.set_aside);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM host"), 0);
	store_close(&store);
}

static void a_newer_version_is_not_touched(void **state)
{
	struct stat before, after;
	struct store store;

	fill(*state);
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(sqlite_run(&store.db, "PRAGMA user_version = 2; DROP TABLE position"), 0);
	store_close(&store);
	assert_int_equal(stat(in(*state, "history.db"), &before), 0);
	assert_int_equal(store_open(&store, *state, 0, true), -EMEDIUMTYPE);
	assert_int_equal(store_open_to_read(&store, *state), -EMEDIUMTYPE);
	assert_int_equal(stat(in(*state, "history.db"), &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
	assert_int_equal(before.st_ino, after.st_ino);
	/* the directory's lock is free again */
	assert_int_equal(rename(in(*state, "history.db"), in(*state, "newer")), 0);
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_enter, store_leave)
		TEST(garbage_is_put_aside),
		TEST(another_programs_database_is_put_aside),
		TEST(a_truncated_database_is_put_aside),
		TEST(pages_of_garbage_are_noticed),
		TEST(damage_is_met_and_then_put_aside),
		TEST(its_journal_goes_with_it),
		TEST(at_most_three_are_put_aside_and_none_is_deleted),
		TEST(an_empty_file_is_a_new_database),
		TEST(a_newer_version_is_not_touched),
	};

	if (sqlite_load()) {
		print_error("libsqlite3.so.0 is missing\n");
		return 1;
	}
	return cmocka_run_group_tests_name("store_damage", tests, store_isolate, NULL);
}
