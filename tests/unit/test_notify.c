// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"

static char directory[] = "/tmp/mz-notify-XXXXXX", path[64];
static struct config config = {.ifnames = {"br-lan", "w\xc2\x9b"
						     "0"},
	.interface_count = 2,
	.notify_socket = path};

/* A service manager at path. */
static int manage(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))),
		0);
	return fd;
}

static void expect(int fd, const char *state)
{
	char got[256] = "";

	assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), strlen(state));
	assert_string_equal(got, state);
}

static void tell_all(void)
{
	int fd = manage();

	assert_int_equal(notify_counting(&config, 3, true), 0);
	assert_int_equal(notify_counting(&config, 1, false), 0);
	assert_int_equal(notify_counting(&config, 0, false), 0);
	assert_int_equal(notify_watchdog(&config), 0);
	assert_int_equal(notify_stopping(&config), 0);
	expect(fd, "READY=1\nSTATUS=Counting on br-lan, w?0");
	expect(fd, "STATUS=Counting on br-lan; NOT on w?0");
	expect(fd, "STATUS=NOT counting on br-lan, w?0");
	expect(fd, "WATCHDOG=1");
	expect(fd, "STOPPING=1");
	close(fd);
}

static void a_manager_with_a_path_is_told(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/manager", directory);
	tell_all();
	assert_int_equal(notify_watchdog(&config), -ECONNREFUSED);
	unlink(path);
	assert_int_equal(notify_watchdog(&config), -ENOENT);
}

static void a_manager_with_an_abstract_name_is_told(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "@mz-notify-%d", getpid());
	tell_all();
	assert_int_equal(notify_watchdog(&config), -ECONNREFUSED);
}

static void a_manager_that_does_not_listen_delays_nobody(void **state)
{
	int fd, error = 0;

	(void)state;
	snprintf(path, sizeof(path), "@mz-notify-%d", getpid());
	fd = manage();
	alarm(HANGS_S);
	for (int i = 0; i < 100000 && !error; i++)
		error = notify_watchdog(&config);
	alarm(0);
	assert_int_equal(error, -EAGAIN);
	close(fd);
}

static void where_nobody_manages_nothing_is_said(void **state)
{
	static const struct config alone;
	static char far[200];
	struct config strange = {.notify_socket = "vsock:2:1234"};

	(void)state;
	assert_int_equal(notify_counting(&alone, 0, true), 0);
	assert_int_equal(notify_watchdog(&alone), 0);
	assert_int_equal(notify_counting(&strange, 0, true), -EAFNOSUPPORT);
	memset(far, '/', sizeof(far) - 1);
	strange.notify_socket = far;
	assert_int_equal(notify_counting(&strange, 0, true), -ENAMETOOLONG);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manager_with_a_path_is_told),
		cmocka_unit_test(a_manager_with_an_abstract_name_is_told),
		cmocka_unit_test(a_manager_that_does_not_listen_delays_nobody),
		cmocka_unit_test(where_nobody_manages_nothing_is_said),
	};

	return cmocka_run_group_tests_name("notify", tests, set_up, tear_down);
}
