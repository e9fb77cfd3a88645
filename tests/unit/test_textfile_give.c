// SPDX-License-Identifier: GPL-2.0-or-later
/* Giving the text file away, which only root can. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

static char directory[] = "/tmp/mz-give-XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") | rmdir(directory);
}

static void only_a_file_of_one_name_is_given_away(void **state)
{
	struct stat status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(text_write("a", "x", 1), 0);
	assert_int_equal(symlink("a", "to_a"), 0);
	assert_int_equal(textfile_give("to_a", 1, 2), -EEXIST);
	assert_int_equal(link("a", "also_a"), 0);
	assert_int_equal(textfile_give("a", 1, 2), -EEXIST);
	assert_int_equal(textfile_give("b", 1, 2), -ENOENT);
	assert_int_equal(stat("a", &status), 0);
	assert_int_equal(status.st_uid, 0);
	assert_int_equal(unlink("also_a"), 0);
	assert_int_equal(textfile_give("a", 1, 2), 0);
	assert_int_equal(stat("a", &status), 0);
	assert_int_equal(status.st_uid, 1);
	assert_int_equal(status.st_gid, 2);
	assert_int_equal(unlink("a") | unlink("to_a"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			only_a_file_of_one_name_is_given_away, enter, leave),
	};

	return cmocka_run_group_tests_name("textfile_give", tests, NULL, NULL);
}
