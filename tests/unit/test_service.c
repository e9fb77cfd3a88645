// SPDX-License-Identifier: GPL-2.0-or-later
/* What the service manager is reported, and when: time passes when a test says so. */
#include "unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "daemon/service.h"

static char path[64];
static struct config config;
static struct loop loop;
static struct service service;
static int manager;

static void expect(const char *state)
{
	char got[256] = "";

	recv(manager, got, sizeof(got) - 1, 0);
	assert_string_equal(got, state);
}

static void pass(unsigned ms)
{
	clock_advance(ms);
	assert_int_equal(loop_round(&loop, 0), 0);
}

static void what_is_counted_on_is_reported_when_it_changes(void **state)
{
	(void)state;
	service_start(&service, &config, &loop);
	service_ready(&service, 1);
	expect("READY=1\nSTATUS=Counting on br-lan; NOT on guest");
	service_counts(&service, 1);
	expect("");
	service_counts(&service, 3);
	expect("STATUS=Counting on br-lan, guest");
	service_stopping(&service);
	expect("STOPPING=1");
}

static void the_watchdog_is_fed_in_half_its_time(void **state)
{
	(void)state;
	service_start(&service, &config, &loop);
	service_pulled(&service);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(loop_timeout(&loop), 300);
		pass(299);
		expect("");
		pass(1);
		expect("WATCHDOG=1");
	}
	service_stop(&service);
	assert_int_equal(loop_timeout(&loop), -1);
}

/* The daemon hangs, or cannot read them: then it is to be started again. */
static void without_counters_that_are_read_it_is_not(void **state)
{
	(void)state;
	service_start(&service, &config, &loop);
	service_pulled(&service);
	clock_advance(10800); /* two intervals of five seconds, and one more */
	pass(200);
	expect("WATCHDOG=1");
	pass(300);
	expect("");
	service_pulled(&service);
	pass(300);
	expect("WATCHDOG=1");
}

static void without_a_watchdog_there_is_no_timer(void **state)
{
	(void)state;
	config.watchdog_ms = 0;
	service_start(&service, &config, &loop);
	assert_int_equal(loop_timeout(&loop), -1);
	config.watchdog_ms = 600;
	config.notify_socket = NULL;
	service_start(&service, &config, &loop);
	assert_int_equal(loop_timeout(&loop), -1);
}

static int begin(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)state;
	config = (struct config){.ifnames = {"br-lan", "guest"},
		.interface_count = 2,
		.interval = 5,
		.watchdog_ms = 600,
		.notify_socket = path};
	snprintf(path, sizeof(path), "@mz-service-%d", getpid());
	memcpy(address.sun_path + 1, path + 1, strlen(path + 1));
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	clock_stop();
	return bind(manager, (struct sockaddr *)&address,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) ||
	       loop_open(&loop, UINT_MAX);
}

static int end(void **state)
{
	(void)state;
	service_stop(&service);
	loop_close(&loop);
	return close(manager);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_counted_on_is_reported_when_it_changes),
		TEST(the_watchdog_is_fed_in_half_its_time),
		TEST(without_counters_that_are_read_it_is_not),
		TEST(without_a_watchdog_there_is_no_timer),
	};

	return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
