// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's options for the history. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/daemon_options.h"
#include "config/options.h"

static const struct command commands[] = {{"", "", "", &daemon_options, NULL}, {0}};

/* What the last call filled. The words live until the next one. */
static struct config config;
static char error[COMMAND_ERROR];

static int parse(const char *line)
{
	static char words[512];
	char *argv[16] = {NULL};
	int argc = 0;

	snprintf(words, sizeof(words), "mezoura -i a %s", line);
	for (char *word = strtok(words, " "); word && argc < 15; word = strtok(NULL, " "))
		argv[argc++] = word;
	error[0] = '\0';
	return options_parse(commands, commands, argc, argv, &config, error);
}

static void defaults_are_those_of_the_contract(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
#ifdef MZ_HISTORY
	assert_string_equal(config.state, "/var/lib/mezoura");
#else
	assert_null(config.state);
#endif
	assert_string_equal(config.recent, "/run/mezoura.recent");
	assert_int_equal(config.commit, 3600);
	assert_int_equal(config.state_size, 0);
	assert_int_equal(config.month_start, 1);
}

static void every_option_is_read(void **state)
{
	(void)state;
	assert_int_equal(parse("--commit 60 --state-size 123456789 --month-start 28"), 0);
	assert_int_equal(config.commit, 60);
	assert_int_equal(config.state_size, 123456789);
	assert_int_equal(config.month_start, 28);
}

static void without_a_directory_no_history_is_kept(void **state)
{
	(void)state;
#ifdef MZ_HISTORY
	assert_int_equal(parse("--state /x"), 0);
	assert_string_equal(config.state, "/x");
	assert_int_equal(parse("--state here"), -EINVAL);
	assert_string_equal(error, "--state 'here': expected an absolute path, or '-' for none");
#else
	assert_int_equal(parse("--state /x"), -EINVAL);
	assert_string_equal(
		error, "--state '/x': expected '-': this mezoura was built without history");
#endif
	assert_int_equal(parse("--state -"), 0);
	assert_null(config.state);
}

static void a_size_may_have_a_unit(void **state)
{
	static const struct {
		const char *line;
		uint64_t size;
	} cases[] = {{"--state-size 100000", 100000}, {"--state-size 100k", 100000},
		{"--state-size 8M", 8000000}, {"--state-size 1G", 1000000000},
		{"--state-size 1000G", UINT64_C(1000000000000)}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse(cases[i].line), 0);
		assert_true(config.state_size == cases[i].size);
	}
}

/* Else the recent history of one daemon would be taken for that of another. */
static void each_socket_has_a_directory_beside_it(void **state)
{
	char line[256] = "--socket /";

	(void)state;
	assert_int_equal(parse("--socket /run/other.sock"), 0);
	assert_string_equal(config.socket, "/run/other.sock");
	assert_string_equal(config.recent, "/run/other.recent");
	assert_int_equal(parse("--socket /run/x"), 0);
	assert_string_equal(config.recent, "/run/x.recent");
	memset(line + strlen(line), 'x', 106);
	assert_int_equal(parse(line), 0);
	assert_int_equal(strlen(config.recent), strlen(config.socket) + strlen(".recent"));
}

static void a_bad_value_is_refused_in_one_line(void **state)
{
	static const char *const cases[][2] = {
		{"--commit 59", "--commit '59': expected a number from 60 to 86400"},
		{"--commit 86401", "expected a number from 60 to 86400"},
		{"--month-start 29", "expected a number from 1 to 28"},
		{"--month-start 0", "expected a number from 1 to 28"},
		{"--state-size M", "--state-size 'M': expected a size from 100k to 1000G, like 8M"},
		{"--state-size 99k", "expected a size"},
		{"--state-size 0", "expected a size"},
		{"--state-size -1M", "expected a size"},
		{"--state-size 1001G", "expected a size"},
		{"--state-size 18446744073709551617", "expected a size"},
		{"--state-size 999999999999G", "expected a size"},
		{"--state-size 8MB", "expected a size"},
		{"--state-size 8m", "expected a size"},
		{"--state-size 8kM", "expected a size"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse(cases[i][0]), -EINVAL);
		if (!strstr(error, cases[i][1]))
			fail_msg("'%s' gives '%s', not '%s'", cases[i][0], error, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_contract),
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(without_a_directory_no_history_is_kept),
		cmocka_unit_test(a_size_may_have_a_unit),
		cmocka_unit_test(each_socket_has_a_directory_beside_it),
		cmocka_unit_test(a_bad_value_is_refused_in_one_line),
	};

	return cmocka_run_group_tests_name("history options", tests, NULL, NULL);
}
