// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names/directory.h"

#define SOMEBODY 4711
#define ROOM	 4

static char directory[] = "/tmp/mz-directory-XXXXXX";

static int enter(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/mz-directory-XXXXXX");
	return !mkdtemp(directory) || chmod(directory, 0755) || chdir(directory);
}

static int leave(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return chdir("/") | system(command); /* NOLINT(cert-env33-c): a path of our own */
}

static void make(const char *name)
{
	assert_int_equal(close(open(name, O_CREAT | O_EXCL | O_WRONLY, 0644)), 0);
}

/* names: the files to be found, with a blank behind each. */
static void expect(const char *names, size_t untrusted, size_t left)
{
	size_t found_untrusted, found_left, length = strlen(directory) + 1;
	char found[256] = "", *paths[ROOM];
	size_t count = directory_files(directory, paths, ROOM, &found_untrusted, &found_left);

	for (size_t i = 0; i < count; i++) {
		assert_true(strlen(paths[i]) > length);
		strcat(strcat(found, paths[i] + length), " ");
		free(paths[i]);
	}
	assert_string_equal(found, names);
	assert_int_equal(found_untrusted, untrusted);
	assert_int_equal(found_left, left);
}

static void regular_files_are_found_in_order(void **state)
{
	static const char *const names[] = {
		"odhcpd", "dhcp.cfg", ".hidden", "old~", "#edited#", "#1"};

	(void)state;
	expect("", 0, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		make(names[i]);
	assert_int_equal(mkdir("directory", 0755) | mkfifo("fifo", 0644), 0);
	assert_int_equal(symlink("odhcpd", "link") | symlink("nowhere", "dangling"), 0);
	expect("#1 dhcp.cfg link odhcpd ", 0, 0);
	make("one-more");
	make("another");
	{
		char *paths[ROOM];
		size_t untrusted, left;
		size_t count = directory_files(directory, paths, ROOM, &untrusted, &left);

		assert_int_equal(count, ROOM);
		assert_int_equal(left, 2);
		while (count--)
			free(paths[count]);
	}
}

static void what_is_no_directory_has_none(void **state)
{
	size_t untrusted, left;

	(void)state;
	make("file");
	assert_int_equal(directory_files("file", NULL, 0, &untrusted, &left), 0);
	assert_int_equal(directory_files("missing", NULL, 0, &untrusted, &left), 0);
}

static void files_of_other_users_are_passed_over(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: needs root, for files of others\n");
		skip();
	}
	make("roots");
	make("theirs");
	assert_int_equal(chown("theirs", SOMEBODY, 0), 0);
	expect("roots theirs ", 0, 0); /* in a directory that only root can write to */
	assert_int_equal(chmod(directory, 01777), 0);
	expect("roots ", 1, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(regular_files_are_found_in_order),
		TEST(what_is_no_directory_has_none),
		TEST(files_of_other_users_are_passed_over),
	};

	return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
