// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "following.h"
#include "log.h"

#define PATIENCE_MS 10000 /* so much only on a machine with other things to do */
#define QUIET_MS    700	  /* by then a reading that is due would have come */

static const uint8_t one[6] = {2, 0, 0, 0, 0, 1};
static char directory[32], leases[96], deep[96];
static struct config config;
static struct following *following;
static bool without_inotify;
static unsigned logged;

/* In place of the real ones. */
int inotify_init1(int flags)
{
	if (!without_inotify)
		return (int)syscall(SYS_inotify_init1, flags);
	errno = EMFILE;
	return -1;
}

void log_warn(const char *format, ...)
{
	(void)format;
	logged++;
}

static int enter(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/mz-follow-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(leases, sizeof(leases), "%s/leases", directory);
	snprintf(deep, sizeof(deep), "%s/a/b/leases", directory);
	config = (struct config){.dhcp_config = "/nonexistent/config/dhcp",
		.leases = {.path = {leases, deep}, .count = 2}};
	without_inotify = false;
	logged = 0;
	return 0;
}

static void begin(void)
{
	following = following_start(&config);
	assert_non_null(following);
	following_read(following);
}

static int leave(void **state)
{
	char command[128];

	(void)state;
	following_stop(following);
	following = NULL;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command); /* NOLINT(cert-env33-c): a path of our own */
}

static void write_lease(const char *path, const char *name)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "1 2:0:0:0:0:1 192.168.2.1 %s *\n", name);
	assert_int_equal(fclose(file), 0);
}

static void replace_lease(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s.new", leases);
	write_lease(path, name);
	assert_int_equal(rename(path, leases), 0);
}

/* Runs it like the daemon's loop; whether a name changed within that time. */
static bool run(unsigned ms)
{
	uint64_t end = now_ms() + ms;
	struct pollfd fd = {.fd = following_fd(following), .events = POLLIN};

	for (uint64_t now = now_ms(); now < end; now = now_ms())
		if (poll(&fd, 1, (int)(end - now)) == 1 && following_run(following))
			return true;
	return false;
}

static const char *name(void)
{
	enum names_source source;

	return names_find(following_names(following), one, &source);
}

static void expect(const char *expected)
{
	assert_true(run(PATIENCE_MS));
	assert_non_null(name());
	assert_string_equal(name(), expected);
}

static void what_is_there_is_known_from_the_start(void **state)
{
	(void)state;
	write_lease(leases, "anna");
	begin();
	assert_string_equal(name(), "anna");
	assert_false(run(QUIET_MS));
}

static void a_file_that_is_replaced_or_written_in_place_is_read_again(void **state)
{
	(void)state;
	write_lease(leases, "anna");
	begin();
	replace_lease("otto");
	expect("otto");
	write_lease(leases, "emil");
	expect("emil");
	replace_lease("ida");
	expect("ida");
	write_lease(leases, "karl");
	expect("karl");
}

static void a_file_that_comes_and_goes_is_followed(void **state)
{
	(void)state;
	begin();
	assert_null(name());
	write_lease(leases, "anna");
	expect("anna");
	assert_int_equal(unlink(leases), 0);
	assert_true(run(PATIENCE_MS));
	replace_lease("otto");
	expect("otto");
}

static void directories_that_come_and_go_are_followed(void **state)
{
	char a[64], b[64];

	(void)state;
	snprintf(a, sizeof(a), "%s/a", directory);
	snprintf(b, sizeof(b), "%s/a/b", directory);
	begin();
	for (int round = 0; round < 2; round++) {
		assert_int_equal(mkdir(a, 0700), 0);
		assert_false(run(QUIET_MS));
		assert_int_equal(mkdir(b, 0700), 0);
		assert_false(run(QUIET_MS));
		write_lease(deep, round ? "otto" : "anna");
		expect(round ? "otto" : "anna");
		assert_int_equal(unlink(deep) | rmdir(b) | rmdir(a), 0);
		assert_true(run(PATIENCE_MS));
	}
	/* all at once */
	assert_int_equal(mkdir(a, 0700) | mkdir(b, 0700), 0);
	write_lease(deep, "emil");
	expect("emil");
}

static void other_files_are_none_of_its_business(void **state)
{
	struct pollfd fd;
	char other[96];

	(void)state;
	write_lease(leases, "anna");
	begin();
	snprintf(other, sizeof(other), "%s/other", directory);
	write_lease(other, "x"); /* to be made is an event, to be written to is none */
	fd = (struct pollfd){.fd = following_fd(following), .events = POLLIN};
	while (poll(&fd, 1, 100) == 1)
		following_run(following);
	write_lease(other, "y");
	assert_int_equal(poll(&fd, 1, QUIET_MS), 0);
}

static void whoever_writes_all_the_time_is_read_twice_a_second(void **state)
{
	uint64_t start = now_ms(), elapsed;
	unsigned changes = 0;

	(void)state;
	begin();
	for (unsigned i = 0; i < 150; i++) {
		char text[16];

		snprintf(text, sizeof(text), "n%u", i);
		write_lease(leases, text);
		changes += run(10);
	}
	elapsed = now_ms() - start;
	assert_true(changes >= 1 && changes <= elapsed / 500 + 1);
}

static void without_inotify_looking_now_and_then_does(void **state)
{
	(void)state;
	without_inotify = true;
	write_lease(leases, "anna");
	begin();
	assert_int_equal(logged, 1);
	assert_string_equal(name(), "anna");
	replace_lease("otto");
	assert_false(run(QUIET_MS));
	following_poll(following);
	assert_string_equal(name(), "anna"); /* whoever looks is not made to wait */
	expect("otto");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_is_known_from_the_start),
		TEST(a_file_that_is_replaced_or_written_in_place_is_read_again),
		TEST(a_file_that_comes_and_goes_is_followed),
		TEST(directories_that_come_and_go_are_followed),
		TEST(other_files_are_none_of_its_business),
		TEST(whoever_writes_all_the_time_is_read_twice_a_second),
		TEST(without_inotify_looking_now_and_then_does),
	};

	return cmocka_run_group_tests_name("following", tests, NULL, NULL);
}
