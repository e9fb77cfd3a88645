// SPDX-License-Identifier: GPL-2.0-or-later
#include "web.h"

#include <sys/stat.h>

#include "server.h"

static bool isolated;
static char directory[] = "/tmp/mz-server-XXXXXX", path[64];

static int isolate(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/sock", directory);
	return web_isolate(&isolated);
}

static int tidy_up(void **state)
{
	(void)state;
	return rmdir(directory);
}

static struct config config_of(bool exporter)
{
	/* port 0: any, which no command line can ask for */
	return (struct config){.exporter = exporter, .socket = path, .metrics = *web_options()};
}

static bool admitted(struct web *web, const char *from)
{
	int fd = web_connect_from(web, from, from);
	char byte;
	bool silent;

	assert_true(fd >= 0);
	silent = web_receive(web, fd, &byte, 1, 100) == -ETIMEDOUT;
	close(fd);
	return silent;
}

static void who_may_connect_follows_the_prefixes_in_force(void **state)
{
	static const struct prefix fixed = {AF_INET6, 64, {0x20, 0x01, 0x0d, 0xb8}};
	struct config config = config_of(true);
	struct server server = {0};
	struct web web = {.snapshot = web_snapshot(0, 1)};

	(void)state;
	if (!isolated) {
		print_message("skipped: needs a network namespace of its own (root)\n");
		skip();
	}
	config.allow[config.allows++] = fixed;
	assert_int_equal(server_open(&server, &config), 0);
	assert_int_equal(server.sockets, 2);
	web.port = web_port(server.socket[1]);
	assert_int_equal(server_start(&server, web_current, &web), 0);
	web.http = server.http;
	assert_false(admitted(&web, "192.0.2.1"));
	assert_true(admitted(&web, "2001:db8::1"));
	web.snapshot->interfaces = 2;
	web.snapshot->interface[1].prefixes = 1;
	web.snapshot->interface[1].prefix[0] =
		(struct snapshot_prefix){{192, 0, 2, 0}, AF_INET, 24};
	server_follow(&server, web.snapshot);
	assert_true(admitted(&web, "192.0.2.1"));
	assert_true(admitted(&web, "2001:db8::1"));
	web.snapshot->interface[1].prefix[0].addr[1] = 1;
	server_follow(&server, web.snapshot);
	assert_false(admitted(&web, "192.0.2.1"));
	assert_true(admitted(&web, "2001:db8::1"));
	server_close(&server);
	free(web.snapshot);
}

static void all_prefixes_have_room(void **state)
{
	struct config config = config_of(false);
	struct server server = {0};
	struct web web = {.snapshot = web_snapshot(0, 1)};

	(void)state;
	config.trackeds = CONFIG_TRACKED;
	config.delegateds = MZ_PREFIXES;
	config.allows = MZ_LOCALS;
	assert_int_equal(server_open(&server, &config), 0);
	assert_int_equal(server.sockets, 1);
	assert_int_equal(server_start(&server, web_current, &web), 0);
	web.snapshot->interfaces = MZ_NETS;
	for (size_t i = 0; i < MZ_NETS; i++)
		web.snapshot->interface[i].prefixes = 2 * MZ_PREFIXES;
	server_follow(&server, web.snapshot); /* the sanitizers look on */
	server_close(&server);
	free(web.snapshot);
}

static void the_file_of_the_socket_comes_and_goes(void **state)
{
	struct config config = config_of(false);
	struct server first = {0}, second = {0};
	struct stat st;

	(void)state;
	assert_int_equal(server_open(&first, &config), 0);
	assert_int_equal(server_open(&second, &config), -EADDRINUSE);
	server_close(&second);
	assert_int_equal(lstat(path, &st), 0);
	server_close(&first);
	assert_int_equal(lstat(path, &st), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_connect_follows_the_prefixes_in_force),
		cmocka_unit_test(all_prefixes_have_room),
		cmocka_unit_test(the_file_of_the_socket_comes_and_goes),
	};

	return cmocka_run_group_tests_name("server", tests, isolate, tidy_up);
}
