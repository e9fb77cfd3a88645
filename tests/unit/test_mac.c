// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/mac.h"

static bool parse(const char *text, uint8_t mac[6])
{
	return mac_parse(text, strlen(text), mac);
}

static void digits_are_of_any_case_and_one_or_two_a_byte(void **state)
{
	static const uint8_t full[6] = {0xaa, 0x0b, 0xcc, 0xdd, 0xee, 0xff},
			     low[6] = {0, 1, 2, 10, 11, 12};
	uint8_t mac[6];

	(void)state;
	assert_true(parse("aA:0b:CC:dD:ee:FF", mac));
	assert_memory_equal(mac, full, 6);
	assert_true(parse("0:1:02:a:B:0C", mac));
	assert_memory_equal(mac, low, 6);
}

static void what_is_not_a_mac_is_refused(void **state)
{
	static const char *const bad[] = {"", "2", "2:", "2:0:0:0:0",
		"2:0:0:0:0:", "2:0:0:0:0:1:", "2:0:0:0:0:1:2", " 2:0:0:0:0:1", "2:0:0:0:0:1 ",
		"002:0:0:0:0:1", "2:0:0:0:0:001", ":2:0:0:0:0:1", "2::0:0:0:1", "2:0:0:0:0:g",
		"2:0:0:0:0:@", "2:0:0:0:0:`", "2:0:0:0:0:\xc1", "2-0-0-0-0-1", "2.0.0.0.0.1",
		"020000000001", "2:0:0:0:0:*", "0x2:0:0:0:0:1"};
	uint8_t mac[6];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (parse(bad[i], mac))
			fail_msg("taken for a MAC: %s", bad[i]);
}

static void nothing_behind_the_length_is_read(void **state)
{
	char text[17]; /* no NUL */
	uint8_t mac[6];

	(void)state;
	memcpy(text, "02:00:00:00:00:01", sizeof(text));
	assert_true(mac_parse(text, sizeof(text), mac));
	assert_int_equal(mac[5], 1);
	assert_true(mac_parse(text, sizeof(text) - 1, mac));
	assert_int_equal(mac[5], 0);
	for (size_t length = 0; length < sizeof(text) - 1; length++)
		assert_false(mac_parse(text, length, mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_of_any_case_and_one_or_two_a_byte),
		cmocka_unit_test(what_is_not_a_mac_is_refused),
		cmocka_unit_test(nothing_behind_the_length_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
