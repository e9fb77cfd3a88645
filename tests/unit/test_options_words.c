// SPDX-License-Identifier: GPL-2.0-or-later
/* Command lines with words that are no options. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "cli/get.h"
#include "cli/unload.h"
#include "config/options.h"

static const struct command commands[] = {
	{"", "", "", &unload_options, NULL},
	{"get", "PATH", "", &get_options, NULL},
	{"unload", "", "", &unload_options, NULL},
	{0},
};

static struct get_config get;
static char error[COMMAND_ERROR];

static int parse(int argc, char **argv)
{
	memset(error, 0, sizeof(error));
	return options_parse(commands, options_find(commands, argv[1]), argc, argv, &get, error);
}

static void the_path_may_be_before_options_or_behind_them(void **state)
{
	char *before[] = {"mezoura", "get", "/metrics", "--socket", "/s", NULL};
	char *behind[] = {"mezoura", "get", "--socket", "/s", "/metrics", NULL};
	char *behind_dashes[] = {"mezoura", "get", "--", "/a?b=c&d=%20", NULL};

	(void)state;
	assert_int_equal(parse(5, before), OPTIONS_RUN);
	assert_string_equal(get.path, "/metrics");
	assert_string_equal(get.socket, "/s");
	assert_int_equal(parse(5, behind), OPTIONS_RUN);
	assert_string_equal(get.path, "/metrics");
	assert_string_equal(get.socket, "/s");
	assert_int_equal(parse(4, behind_dashes), OPTIONS_RUN);
	assert_string_equal(get.path, "/a?b=c&d=%20");
}

static void a_wrong_path_is_refused(void **state)
{
	static const struct {
		char *path;
		const char *says;
	} cases[] = {
		{"metrics", "get 'metrics': expected a path that begins with /"},
		{"", "get '': expected a path that begins with /"},
		{"http://router/metrics", "expected a path that begins with /"},
		{"/a b", "get '/a b': expected a path without blanks"},
		{"/a HTTP/1.1\r\nHost: x\r\n\r\n", "without blanks"},
		{"/a\tb", "without blanks"},
		{"/a\x7f", "without blanks"},
		{"/\xc3\xa9", "without blanks"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *argv[] = {"mezoura", "get", cases[i].path, NULL};

		assert_int_equal(parse(3, argv), -EINVAL);
		if (!strstr(error, cases[i].says))
			fail_msg("'%s' gives '%s'", cases[i].path, error);
	}
}

static void a_path_too_few_or_too_many_is_refused(void **state)
{
	char *none[] = {"mezoura", "get", NULL}, *two[] = {"mezoura", "get", "/a", "/b", NULL};
	char *to_unload[] = {"mezoura", "unload", "/a", NULL};

	(void)state;
	assert_int_equal(parse(2, none), -EINVAL);
	assert_string_equal(
		error, "expected a path, as in mezoura get /api/v1/hosts (-h for help)");
	assert_int_equal(parse(4, two), -EINVAL);
	assert_string_equal(error, "get '/b': expected one path only");
	assert_int_equal(parse(3, to_unload), -EINVAL);
	assert_string_equal(error, "unknown argument '/a' (-h for help)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_path_may_be_before_options_or_behind_them),
		cmocka_unit_test(a_wrong_path_is_refused),
		cmocka_unit_test(a_path_too_few_or_too_many_is_refused),
	};

	return cmocka_run_group_tests_name("options_words", tests, NULL, NULL);
}
