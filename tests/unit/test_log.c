// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static void what_comes_again_and_again_is_due_once_a_minute(void **state)
{
	struct log_limit one = {0}, other = {0};

	(void)state;
	assert_true(log_due(&one));
	for (int i = 0; i < 1000; i++)
		assert_false(log_due(&one));
	assert_true(log_due(&other)); /* each has a minute of its own */
	assert_true(one.next_ms >= 60001);
	one.next_ms -= 60001; /* a minute later */
	assert_true(log_due(&one));
	assert_false(log_due(&one));
}

static void a_line_stays_one_line(void **state)
{
	int pair[2], before = dup(STDERR_FILENO);
	char got[128] = "";

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	dup2(pair[1], STDERR_FILENO);
	log_warn("%s", "a\nb\x1b[2J\x7f");
	dup2(before, STDERR_FILENO);
	assert_true(read(pair[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "mezoura: a?b?[2J?\n");
	close(before);
	close(pair[0]);
	close(pair[1]);
}

static int evaluated(int *times)
{
	return ++*times;
}

static void a_line_for_debugging_appears_with_verbose_only(void **state)
{
	int pair[2], before = dup(STDERR_FILENO), times = 0;
	char got[128] = "";

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC | O_NONBLOCK), 0);
	dup2(pair[1], STDERR_FILENO);
	log_debug("%d", evaluated(&times));
	dup2(before, STDERR_FILENO);
	assert_int_equal(read(pair[0], got, sizeof(got) - 1), -1);
	assert_int_equal(times, 0);
	dup2(pair[1], STDERR_FILENO);
	log_verbose = true;
	log_debug("%d", evaluated(&times));
	log_verbose = false;
	dup2(before, STDERR_FILENO);
	assert_true(read(pair[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "mezoura: 1\n");
	close(before);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_again_and_again_is_due_once_a_minute),
		cmocka_unit_test(a_line_stays_one_line),
		cmocka_unit_test(a_line_for_debugging_appears_with_verbose_only),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
