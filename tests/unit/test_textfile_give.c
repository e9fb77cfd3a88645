// SPDX-License-Identifier: GPL-2.0-or-later
/* Giving the text file to another user, which only root can. */
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

static void a_file_is_given_away(void **state)
{
	struct stat status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(textfile_give("b", 1, 2), -ENOENT);
	assert_int_equal(text_write("a", "x", 1), 0);
	assert_int_equal(textfile_give("a", 1, 2), 0);
	assert_int_equal(stat("a", &status), 0);
	assert_int_equal(status.st_uid, 1);
	assert_int_equal(status.st_gid, 2);
	assert_int_equal(unlink("a"), 0);
}

static void nothing_is_given_away_that_has_another_name(void **state)
{
	struct stat status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(text_write("a", "x", 1), 0);
	assert_int_equal(symlink("a", "to_a"), 0);
	assert_int_equal(textfile_give("to_a", 1, 2), 0);
	assert_int_equal(lstat("to_a", &status), -1);
	assert_int_equal(link("a", "also_a"), 0);
	assert_int_equal(textfile_give("also_a", 1, 2), 0);
	assert_int_equal(lstat("also_a", &status), -1);
	assert_int_equal(stat("a", &status), 0);
	assert_int_equal(status.st_uid, 0);
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(textfile_give("d", 1, 2), -EEXIST);
	assert_int_equal(unlink("a") | rmdir("d"), 0);
}

/* Another user's link, and the file of a killed daemon of root, in a directory like /tmp. */
static void what_is_in_the_way_of_the_one_who_gets_it_goes(void **state)
{
	struct textfile file = {0};
	struct stat status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(directory, 01777), 0);
	assert_int_equal(symlink("victim", "p"), 0);
	assert_int_equal(text_write(".p.mezoura-tmp", "x", 1), 0);
	assert_int_equal(textfile_give("p", 1, 2), 0);
	assert_int_equal(seteuid(1), 0);
	assert_int_equal(textfile_begin(&file, "p"), 0);
	assert_int_equal(textfile_end(&file), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(lstat("p", &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(lstat("victim", &status), -1);
	buf_free(&file.page);
	assert_int_equal(unlink("p"), 0);
}

/* Every user who can write to the directory knows the temporary name. */
static void another_s_file_at_the_temporary_name_stops_nothing(void **state)
{
	static const char name[NAME_MAX + 1] = {[0 ... NAME_MAX - 1] = 'n'};
	struct textfile file = {0};
	struct stat status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(directory, 01777), 0);
	for (int i = 0; i < 2; i++) {
		const char *path = i ? name : "p";

		assert_int_equal(textfile_begin(&file, path), 0);
		assert_int_equal(seteuid(1), 0);
		assert_int_equal(textfile_begin(&file, path), 0);
		assert_int_equal(textfile_end(&file), 0);
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_uid, 1);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(textfile_begin(&file, path), 0);
		assert_int_equal(textfile_end(&file), 0);
		assert_int_equal(unlink(path), 0);
	}
	buf_free(&file.page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_given_away),
		cmocka_unit_test(nothing_is_given_away_that_has_another_name),
		cmocka_unit_test(what_is_in_the_way_of_the_one_who_gets_it_goes),
		cmocka_unit_test(another_s_file_at_the_temporary_name_stops_nothing),
	};

	return cmocka_run_group_tests_name("textfile_give", tests, enter, leave);
}
