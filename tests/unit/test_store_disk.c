// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose files are opened, disks that are full or read-only, files that go, locks. */
#include "store.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "history/store.h"

static void only_regular_files_are_opened(void **state)
{
	struct store store;

	assert_int_equal(mkdir(in(*state, "history.db"), 0700), 0);
	assert_int_equal(store_open(&store, *state, 0, true), -EISDIR);
	assert_int_equal(rmdir(in(*state, "history.db")), 0);
	assert_int_equal(symlink("target", in(*state, "history.db")), 0);
	assert_int_equal(store_open(&store, *state, 0, true), -ELOOP);
	assert_int_equal(access(in(*state, "target"), F_OK), -1);
	assert_int_equal(unlink(in(*state, "history.db")), 0);
	assert_int_equal(mkfifo(in(*state, "history.db"), 0600), 0);
	assert_int_equal(store_open(&store, *state, 0, true), -EINVAL);
	assert_int_equal(unlink(in(*state, "history.db")), 0);
	/* nor a journal that leads elsewhere */
	assert_int_equal(symlink("target", in(*state, "history.db-journal")), 0);
	assert_int_equal(store_open(&store, *state, 0, true), -ELOOP);
	assert_int_equal(access(in(*state, "target"), F_OK), -1);
}

/* OpenWrt's /var leads to /tmp. */
static void the_directory_may_be_reached_by_a_link(void **state)
{
	struct store store;

	assert_int_equal(mkdir(in(*state, "real"), 0700), 0);
	assert_int_equal(symlink("real", in(*state, "link")), 0);
	assert_int_equal(store_open(&store, in(*state, "link"), 0, true), 0);
	assert_int_equal(access(in(*state, "real/history.db"), F_OK), 0);
	assert_true(store_is_there(&store));
	store_close(&store);
}

static void no_directory_is_no_database(void **state)
{
	struct store store;

	assert_int_equal(store_open(&store, in(*state, "none"), 0, true), -ENOENT);
	assert_int_equal(store_open_to_read(&store, *state), -ENOENT);
	assert_int_equal(access(in(*state, "history.db"), F_OK), -1);
	put(in(*state, "file"), "");
	assert_int_equal(store_open(&store, in(*state, "file"), 0, true), -ENOTDIR);
}

static void other_users_files_are_not_opened(void **state)
{
	struct store store;

	if (geteuid() != 0) {
		print_message("only root can give files away\n");
		skip();
	}
	fill(*state);
	assert_int_equal(chown(in(*state, "history.db"), 12345, 12345), 0);
	assert_int_equal(store_open(&store, *state, 0, true), -EPERM);
	assert_int_equal(chown(in(*state, "history.db"), 0, 0), 0);
	assert_int_equal(chown(in(*state, "history.db-journal"), 12345, 12345), 0);
	assert_int_equal(store_open(&store, *state, 0, true), -EPERM);
	assert_int_equal(unlink(in(*state, "history.db-journal")), 0);
	assert_int_equal(chown(*state, 12345, 12345), 0);
	assert_int_equal(store_open(&store, *state, 0, true), -EPERM);
}

/* Calls act in a child process without root's rights. */
static void as_another_user(int (*act)(const char *directory), const char *directory)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgid(12345) || setuid(12345)))
			_exit(99);
		_exit(act(directory));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int cannot_write(const char *directory)
{
	struct store store;
	int error = store_open(&store, directory, 0, true);

	return error == -EACCES ? 0 : 1;
}

static int can_read_only(const char *directory)
{
	struct store store;
	int error = store_open_to_read(&store, directory);

	if (error)
		return 1;
	if (store_ask(&store, "SELECT count(*) FROM host") != 199)
		return 2;
	store_close(&store);
	/* the mode of the file does not let it write */
	error = store_open(&store, directory, 0, false);
	if (!error)
		error = (int)store_boot(&store, "one");
	return error == -EROFS ? 0 : 3;
}

static void a_directory_that_is_not_writable_is_refused(void **state)
{
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(chmod(*state, 0555), 0);
	as_another_user(cannot_write, *state);
	assert_int_equal(chmod(*state, 0755), 0);
	fill(*state);
	assert_int_equal(chmod(in(*state, "history.db"), 0444), 0);
	assert_int_equal(chmod(in(*state, "history.db-journal"), 0444), 0);
	assert_int_equal(chmod(*state, 0555), 0);
	as_another_user(can_read_only, *state);
	assert_int_equal(chmod(*state, 0755), 0);
}

static int add_hour(struct store *store, int64_t start, unsigned hosts)
{
	int error = store_begin(store);

	for (unsigned i = 1; i < hosts && !error; i++) {
		struct history_key key = store_key(i);
		int64_t id = store_host(store, &key, NULL, NULL);

		error = id < 0 ? (int)id
			       : store_add_hour(
					 store, &berlin, start, start + HOUR, false, id, &some);
	}
	if (!error)
		return store_commit(store);
	store_rollback(store);
	return error;
}

static void a_full_disk_takes_nothing_by_halves(void **state)
{
	int64_t rows, start = NOON;
	int error = 0;
	struct store store;

	if (strncmp(*state, "/mnt", 4) != 0 ||
		mount("tmpfs", *state, "tmpfs", 0, "size=256k,mode=755")) {
		print_message("only root can mount a small disk\n");
		skip();
	}
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	for (int i = 0; i < 1000 && !error; i++)
		error = add_hour(&store, start += HOUR, 200);
	assert_int_equal(error, -ENOSPC);
	rows = store_ask(&store, "SELECT count(*) FROM hour_traffic");
	assert_int_equal(rows % 199, 0);
	assert_true(rows > 0);
	assert_int_equal(add_hour(&store, start, 200), -ENOSPC);
	/* once there is room again, what could not be written is written */
	assert_int_equal(mount("tmpfs", *state, "tmpfs", MS_REMOUNT, "size=1m"), 0);
	assert_int_equal(add_hour(&store, start, 200), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM hour_traffic"), rows + 199);
	store_close(&store);
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_false(store.set_aside);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM hour_traffic"), rows + 199);
	store_close(&store);
	/* nor does a read-only disk */
	assert_int_equal(mount("tmpfs", *state, "tmpfs", MS_REMOUNT | MS_RDONLY, ""), 0);
	assert_int_equal(store_open_to_read(&store, *state), 0);
	store_close(&store);
	assert_int_equal(store_open(&store, *state, 0, true), -EROFS);
	assert_int_equal(umount(*state), 0);
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	store_close(&store);
}

static void a_file_that_goes_is_noticed(void **state)
{
	struct store store;

	fill(*state);
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_true(store_is_there(&store));
	assert_int_equal(rename(in(*state, "history.db"), in(*state, "moved")), 0);
	assert_false(store_is_there(&store));
	assert_int_equal(add_hour(&store, NOON + HOUR, 2), -ESTALE);
	put(in(*state, "history.db"), "");
	assert_false(store_is_there(&store));
	store_close(&store);
	assert_false(store_is_there(&store));
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_true(store_is_there(&store));
	store_remove(*state);
	assert_false(store_is_there(&store));
	assert_true(add_hour(&store, NOON + HOUR, 2) < 0);
	store_close(&store);
}

static void another_programs_lock_is_waited_for(void **state)
{
	struct store store, other;

	fill(*state);
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_open(&other, *state, 0, false), 0);
	assert_int_equal(store_begin(&other), 0);
	assert_int_equal(store_begin(&store), -EBUSY);
	assert_int_equal(store_commit(&other), 0);
	assert_int_equal(store_begin(&store), 0);
	store_rollback(&store);
	store_close(&other);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_enter, store_leave)
		TEST(only_regular_files_are_opened),
		TEST(the_directory_may_be_reached_by_a_link),
		TEST(no_directory_is_no_database),
		TEST(other_users_files_are_not_opened),
		TEST(a_directory_that_is_not_writable_is_refused),
		TEST(a_full_disk_takes_nothing_by_halves),
		TEST(a_file_that_goes_is_noticed),
		TEST(another_programs_lock_is_waited_for),
	};

	if (sqlite_load()) {
		print_error("libsqlite3.so.0 is missing\n");
		return 1;
	}
	return cmocka_run_group_tests_name("store_disk", tests, store_isolate, NULL);
}
