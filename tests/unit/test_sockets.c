// SPDX-License-Identifier: GPL-2.0-or-later
#include "web.h"

#include <sys/stat.h>

#include "serve/sockets.h"

static char directory[] = "/tmp/mz-server-XXXXXX", path[64];

static int isolate(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/sock", directory);
	return 0;
}

static int tidy_up(void **state)
{
	(void)state;
	return rmdir(directory);
}

/* port 0: any, which no command line can ask for */
static struct config config_of(bool exporter)
{
	return (struct config){.serve_tcp = exporter, .socket = path};
}

static void the_file_of_the_socket_comes_and_goes(void **state)
{
	struct config config = config_of(false);
	struct sockets first = {0}, second = {0};
	struct stat st;

	(void)state;
	assert_int_equal(sockets_open(&first, &config, 0), 0);
	assert_int_equal(sockets_open(&second, &config, 50), -EADDRINUSE);
	sockets_close(&second);
	assert_int_equal(lstat(path, &st), 0);
	sockets_close(&first);
	assert_int_equal(lstat(path, &st), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_of_the_socket_comes_and_goes),
	};

	return cmocka_run_group_tests_name("server", tests, isolate, tidy_up);
}
