// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a power cut, or SIGKILL, leaves: a copy of the directory at any instant, and what is there
 * after any write.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "history/store.h"

#define HOSTS 40
#define DIED  42

/* How many more writes to files this process makes: then it makes half of one, and dies. */
static int writes_left = -1;

static size_t wear(size_t size)
{
	return writes_left == 0 ? size / 2 : size;
}

static ssize_t worn(ssize_t written)
{
	if (writes_left == 0)
		_exit(DIED);
	writes_left -= writes_left > 0;
	return written;
}

/* These are found before libc's. */
ssize_t write(int fd, const void *bytes, size_t size)
{
	struct iovec part = {(void *)(uintptr_t)bytes, wear(size)};

	return worn(writev(fd, &part, 1));
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	struct iovec part = {(void *)(uintptr_t)bytes, wear(size)};

	return worn(pwritev(fd, &part, 1, at));
}

/*
 * Commits until it is killed, and tells each commit: an hour of all hosts, of which each counts the
 * same, and their counters. Now and then it expires, so that pages are freed and used again.
 */
static void commit_for_ever(const char *directory, int told)
{
	struct store_position position = {.tables = 1};
	struct store store;
	int64_t start, end;

	if (store_open(&store, directory, 120 << 10, true) || store_get_position(&store, &position))
		_exit(1);
	for (;;) {
		struct mz_counts counts = {{1, 2}, {3, 4}}, counter;

		zone_hour(&berlin, NOON + (int64_t)position.slice * HOUR, &start, &end);
		position.slice++;
		for (int i = 0; i < MZ_DIRECTIONS; i++) {
			counter.bytes[i] = counts.bytes[i] * position.slice;
			counter.packets[i] = counts.packets[i] * position.slice;
		}
		if (store_begin(&store))
			_exit(2);
		for (unsigned i = 0; i < HOSTS; i++) {
			int64_t host = store_host_id(&store, i);

			if (store_add_hour(&store, &berlin, start, end, false, host, &counts) ||
				store_set_counter(&store, host, &counter))
				_exit(3);
		}
		if (store_set_position(&store, &position) ||
			(position.slice % 4 == 0 && store_expire(&store, &berlin)) ||
			store_commit(&store))
			_exit(4);
		if (write(told, &position.slice, sizeof(position.slice)) != sizeof(position.slice))
			_exit(5);
	}
}

static void copy(const char *from, const char *to)
{
	char bytes[4096];
	int in_fd = open(from, O_RDONLY | O_CLOEXEC), out_fd;
	ssize_t length;

	if (in_fd < 0 && errno == ENOENT)
		return;
	assert_true(in_fd >= 0);
	out_fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out_fd >= 0);
	while ((length = read(in_fd, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out_fd, bytes, (size_t)length), length);
	assert_int_equal(length, 0);
	close(in_fd);
	close(out_fd);
}

/* Whether the database is whole, and holds all that was told: at most one commit more. */
static uint64_t check(const char *directory, uint64_t told)
{
	struct sqlite_statement integrity = {.sql = "PRAGMA integrity_check"};
	struct store_position position;
	struct store store;

	assert_int_equal(store_open(&store, directory, 0, true), 0);
	assert_false(store.set_aside);
	assert_int_equal(sqlite_first(&store.db, &integrity, ""), 1);
	assert_string_equal(sqlite_text(&integrity, 0), "ok");
	sqlite_finalize(&integrity);
	assert_int_equal(store_get_position(&store, &position), 0);
	assert_between(position.slice, told, told + 1);
	/* counters, hours and position are of the same commit */
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM counter WHERE upload_bytes <>"
					   " (SELECT slice FROM position)"),
		0);
	if (position.slice) {
		assert_int_equal(store_ask(&store, "SELECT count(*) FROM counter"), HOSTS);
		assert_int_equal(store_ask(&store, "SELECT max(start) FROM hour"),
			NOON + (int64_t)(position.slice - 1) * HOUR);
	}
	assert_int_equal(store_ask(&store, "SELECT sum(upload_bytes) FROM hour"),
		store_ask(&store, "SELECT sum(upload_bytes) FROM hour_traffic"));
	store_close(&store);
	return position.slice;
}

static void drain(int fd, uint64_t *told)
{
	while (read(fd, told, sizeof(*told)) == sizeof(*told))
		;
}

/* writes: how many it makes before it dies; -1: it goes on. */
static pid_t start_writer(const char *directory, int told[2], int writes)
{
	pid_t child;

	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	assert_int_equal(fcntl(told[0], F_SETFL, O_NONBLOCK), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		writes_left = writes;
		commit_for_ever(directory, told[1]);
	}
	close(told[1]);
	return child;
}

static void a_copy_at_any_instant_is_whole(void **state)
{
	uint64_t told = 0;
	int pipe_fds[2], status;
	pid_t child = start_writer(*state, pipe_fds, -1);

	for (unsigned i = 0; i < rounds(60, 10); i++) {
		struct timespec pause = {.tv_nsec = 1000000 + (i * 7919 % 1000) * 3000};

		assert_int_equal(mkdir(in(*state, "copy"), 0700), 0);
		nanosleep(&pause, NULL);
		assert_int_equal(kill(child, SIGSTOP), 0);
		assert_int_equal(waitpid(child, &status, WUNTRACED), child);
		assert_true(WIFSTOPPED(status));
		drain(pipe_fds[0], &told);
		copy(in(*state, STORE_FILE), in(*state, "copy/" STORE_FILE));
		copy(in(*state, STORE_FILE "-journal"), in(*state, "copy/" STORE_FILE "-journal"));
		check(in(*state, "copy"), told);
		assert_int_equal(kill(child, SIGCONT), 0);
		store_remove(in(*state, "copy"));
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(pipe_fds[0]);
}

/* Returns the count of commits. */
static uint64_t die(const char *directory, int writes, uint64_t told)
{
	int pipe_fds[2], status;
	pid_t child = start_writer(directory, pipe_fds, writes);

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DIED);
	drain(pipe_fds[0], &told);
	close(pipe_fds[0]);
	return check(directory, told);
}

static void half_a_write_at_the_beginning_is_no_harm(void **state)
{
	for (int i = 0; i < 40; i++) {
		assert_int_equal(mkdir(in(*state, "new"), 0700), 0);
		die(in(*state, "new"), i, 0);
		store_remove(in(*state, "new"));
	}
}

static void half_a_write_later_is_no_harm(void **state)
{
	const unsigned deaths = rounds(150, 30);
	uint64_t told = 0;

	/* the database grows, reaches its limit, and is shortened */
	for (unsigned i = 0; i < deaths; i++)
		told = die(*state, (int)(i * 37 % 97), told);
	assert_true(told > deaths / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_enter, store_leave)
		TEST(a_copy_at_any_instant_is_whole),
		TEST(half_a_write_at_the_beginning_is_no_harm),
		TEST(half_a_write_later_is_no_harm),
	};

	if (sqlite_load()) {
		print_error("libsqlite3.so.0 is missing\n");
		return 1;
	}
	return cmocka_run_group_tests_name("store_cut", tests, store_isolate, NULL);
}
