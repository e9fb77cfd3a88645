// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <bpf/libbpf.h>
#include <errno.h>

#include "base/cpus.h"

static void numbers_may_have_gaps(void **state)
{
	static const struct {
		const char *text;
		unsigned numbers, possible;
	} row[] = {{"0\n", 1, 1}, {"0-3\n", 4, 4}, {"0,2-3\n", 4, 3}, {"0-1,4,6-7", 8, 5},
		{"2\n", 3, 1}, {"0-65535\n", 65536, 65536}};
	unsigned numbers, possible;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_int_equal(cpus_parse(row[i].text, &numbers, &possible), 0);
		assert_int_equal(numbers, row[i].numbers);
		assert_int_equal(possible, row[i].possible);
	}
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {"", "\n", "a", "0-", "-1", "0,", "0,,1", "3-2", "0-1,1",
		"1,0", "0-3 ", "0 1", "+1", "0-65536", "99999999999", "0x1", "0\n\n"};
	unsigned numbers, possible;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (cpus_parse(bad[i], &numbers, &possible) != -EINVAL)
			fail_msg("taken for a list: '%s'", bad[i]);
}

static void this_machine_has_as_many_as_libbpf_says(void **state)
{
	unsigned numbers, possible;
	int error = cpus_count(&numbers, &possible);

	(void)state;
	if (error == -ENOENT)
		skip(); /* no /sys here */
	assert_int_equal(error, 0);
	assert_int_equal(possible, libbpf_num_possible_cpus());
	assert_true(numbers >= possible);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_may_have_gaps),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(this_machine_has_as_many_as_libbpf_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
