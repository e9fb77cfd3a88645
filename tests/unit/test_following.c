// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The time that it waits passes when a test says so, but for one test, in which it really passes.
 * The kernel tells of a change before the call that made it returns.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "following.h"
#include "log.h"

#define PATIENCE_MS 60000 /* so much only where it fails */
#define WAIT_MS	    100	  /* for who writes in place to finish */
#define PAUSE_MS    500	  /* between two readings */

static const uint8_t one[6] = {2, 0, 0, 0, 0, 1};
static char directory[32], leases[96], deep[96];
static struct config config;
static struct following *following;
static bool without_inotify, in_real_time;
static unsigned logged;
static int timer;	   /* an event in its place; without one, a real timer */
static uint64_t due_in_ms; /* what it was set to; 0: it does not run */

/* In place of the real ones. */
int inotify_init1(int flags)
{
	if (!without_inotify)
		return (int)syscall(SYS_inotify_init1, flags);
	errno = EMFILE;
	return -1;
}

int timerfd_create(clockid_t clock, int flags)
{
	if (in_real_time)
		return (int)syscall(SYS_timerfd_create, clock, flags);
	return timer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	/* as the kernel has it, whatever the C library's own types are */
	int64_t spec[4] = {0, 0, new->it_value.tv_sec, new->it_value.tv_nsec};

	assert_null(old);
	due_in_ms = (uint64_t)(spec[2] * 1000 + spec[3] / 1000000);
	if (!in_real_time)
		return 0;
#ifdef SYS_timerfd_settime64
	return (int)syscall(SYS_timerfd_settime64, fd, flags, spec, NULL);
#else
	return (int)syscall(SYS_timerfd_settime, fd, flags, spec, NULL);
#endif
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
	without_inotify = in_real_time = false;
	logged = 0;
	due_in_ms = 0;
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

/* Has it take note of what the kernel tells: nothing is read yet. */
static void take_note(void)
{
	struct pollfd fd = {.fd = following_fd(following), .events = POLLIN};

	while (poll(&fd, 1, 0) == 1)
		assert_false(following_run(following));
}

/* Whether a name changed, once the time has passed that it waits after a change. */
static bool read_later(void)
{
	static const uint64_t one_more = 1;
	bool changed;

	take_note();
	assert_true(due_in_ms >= WAIT_MS && due_in_ms <= PAUSE_MS);
	due_in_ms = 0;
	assert_int_equal(write(timer, &one_more, sizeof(one_more)), sizeof(one_more));
	changed = following_run(following);
	take_note();
	return changed;
}

static void expect_nothing_due(void)
{
	take_note();
	assert_int_equal(due_in_ms, 0);
}

static const char *name(void)
{
	enum names_source source;

	return names_find(following_names(following), one, &source);
}

static void expect(const char *expected)
{
	assert_true(read_later());
	assert_non_null(name());
	assert_string_equal(name(), expected);
}

static void what_is_there_is_known_from_the_start(void **state)
{
	(void)state;
	write_lease(leases, "anna");
	begin();
	assert_string_equal(name(), "anna");
	expect_nothing_due();
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
	assert_true(read_later());
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
		assert_false(read_later());
		assert_int_equal(mkdir(b, 0700), 0);
		assert_false(read_later());
		write_lease(deep, round ? "otto" : "anna");
		expect(round ? "otto" : "anna");
		assert_int_equal(unlink(deep) | rmdir(b) | rmdir(a), 0);
		assert_true(read_later());
	}
	/* all at once */
	assert_int_equal(mkdir(a, 0700) | mkdir(b, 0700), 0);
	write_lease(deep, "emil");
	expect("emil");
}

static void write_config(const char *path, const char *leasefile)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "config dnsmasq\n\toption leasefile '%s'\n", leasefile);
	assert_int_equal(fclose(file), 0);
}

static void a_lease_file_that_the_configuration_names_is_followed(void **state)
{
	char dhcp[96], other[96], third[96];

	(void)state;
	snprintf(dhcp, sizeof(dhcp), "%s/dhcp", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	snprintf(third, sizeof(third), "%s/third", directory);
	config.dhcp_config = dhcp;
	write_lease(other, "anna");
	begin();
	assert_null(name());
	write_config(dhcp, other);
	expect("anna");
	read_later(); /* once more, as it is watched only now */
	write_lease(other, "otto");
	expect("otto");
	write_config(dhcp, third);
	read_later();
	read_later();
	assert_string_equal(name(), "otto"); /* which has ended */
	write_lease(other, "emil");
	expect_nothing_due();
	write_lease(third, "ida");
	expect("ida");
	write_config(dhcp, leases); /* which is followed anyway */
	read_later();
	read_later();
	write_lease(leases, "karl");
	expect("karl");
}

static void not_where_lease_files_are_given(void **state)
{
	char dhcp[96], other[96];

	(void)state;
	snprintf(dhcp, sizeof(dhcp), "%s/dhcp", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	config.dhcp_config = dhcp;
	config.leases.given = true;
	write_lease(other, "anna");
	write_config(dhcp, other);
	begin();
	assert_null(name());
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
	expect_nothing_due();
	fd = (struct pollfd){.fd = following_fd(following), .events = POLLIN};
	write_lease(other, "y");
	assert_int_equal(poll(&fd, 1, 0), 0);
}

/* The kernel may tell of each write: one reading is due for all of them. */
static void whoever_writes_all_the_time_is_read_twice_a_second(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < 150; i++) {
		uint64_t before = now_ms();
		char text[16];

		snprintf(text, sizeof(text), "n%u", i);
		write_lease(leases, text);
		take_note();
		if (i % 10 < 9)
			continue;
		expect(text);
		write_lease(leases, "another");
		take_note();
		/* as seen from a moment before the reading, and from one after it was set */
		assert_true(now_ms() + due_in_ms >= before + PAUSE_MS);
	}
}

static void a_change_is_read_in_real_time(void **state)
{
	uint64_t end = now_ms() + PATIENCE_MS;
	struct pollfd fd;
	bool changed = false;

	(void)state;
	in_real_time = true;
	write_lease(leases, "anna");
	begin();
	fd = (struct pollfd){.fd = following_fd(following), .events = POLLIN};
	replace_lease("otto");
	while (!changed && now_ms() < end)
		changed = poll(&fd, 1, 1000) == 1 && following_run(following);
	assert_true(changed);
	assert_string_equal(name(), "otto");
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
	expect_nothing_due();
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
		TEST(a_lease_file_that_the_configuration_names_is_followed),
		TEST(not_where_lease_files_are_given),
		TEST(other_files_are_none_of_its_business),
		TEST(whoever_writes_all_the_time_is_read_twice_a_second),
		TEST(a_change_is_read_in_real_time),
		TEST(without_inotify_looking_now_and_then_does),
	};

	return cmocka_run_group_tests_name("following", tests, NULL, NULL);
}
