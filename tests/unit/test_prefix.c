// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/prefix.h"

static struct prefix parse(const char *text)
{
	struct prefix prefix = {0};

	assert_null(prefix_parse(text, AF_UNSPEC, true, &prefix));
	return prefix;
}

static void host_bits_are_allowed_and_masked_off(void **state)
{
	static const char *const cases[][2] = {
		{"192.168.2.1/24", "192.168.2.0/24"},
		{"192.168.2.255/31", "192.168.2.254/31"},
		{"1.2.3.4/0", "0.0.0.0/0"},
		{"1.2.3.4", "1.2.3.4/32"},
		{"2001:db8:ca2:2::1/64", "2001:db8:ca2:2::/64"},
		{"2001:db8:ffff::/33", "2001:db8:8000::/33"},
		{"::1/128", "::1/128"},
		{"fe80::1/0", "::/0"},
	};
	char text[PREFIX_STRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct prefix prefix = parse(cases[i][0]);

		assert_string_equal(prefix_format(&prefix, text), cases[i][1]);
	}
}

static void what_is_no_prefix_is_refused_with_what_was_expected(void **state)
{
	static const struct {
		const char *text;
		int family;
		bool bare;
		const char *expected;
	} cases[] = {
		{"192.168.2.1/33", AF_INET, false, "a mask from 0 to 32"},
		{"192.168.2.1/-1", AF_INET, false, "a mask from 0 to 32"},
		{"192.168.2.1/", AF_INET, false, "a mask from 0 to 32"},
		{"192.168.2.1/0x8", AF_INET, false, "a mask from 0 to 32"},
		{"192.168.2.1/4294967297", AF_INET, false, "a mask from 0 to 32"},
		{"192.168.2.1", AF_INET, false, "address/mask"},
		{"192.168.2/24", AF_INET, false, "an IPv4 address"},
		{"192.168.2.256/24", AF_INET, false, "an IPv4 address"},
		{"::1/64", AF_INET, false, "an IPv4 address"},
		{"1.2.3.4/8", AF_INET6, false, "an IPv6 address"},
		{"2001:db8::/129", AF_INET6, false, "a mask from 0 to 128"},
		{"", AF_UNSPEC, true, "an IPv4 or IPv6 address"},
		{"/24", AF_UNSPEC, true, "an IPv4 or IPv6 address"},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/64", AF_INET6, false,
			"an IPv6 address"},
	};
	struct prefix prefix;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *expected =
			prefix_parse(cases[i].text, cases[i].family, cases[i].bare, &prefix);

		assert_non_null(expected);
		assert_string_equal(expected, cases[i].expected);
	}
}

static void an_address_is_in_a_prefix_or_not(void **state)
{
	struct prefix lan = parse("192.168.2.0/23"), all = parse("0.0.0.0/0");
	struct prefix v6 = parse("2001:db8:ca2:2::/63"), inner = parse("192.168.3.128/25");
	uint8_t addr[16] = {192, 168, 3, 255};

	(void)state;
	assert_true(prefix_has(&lan, AF_INET, addr));
	assert_true(prefix_has(&all, AF_INET, addr));
	assert_false(prefix_has(&lan, AF_INET6, addr));
	addr[2] = 4;
	assert_false(prefix_has(&lan, AF_INET, addr));
	inet_pton(AF_INET6, "2001:db8:ca2:3:ffff::1", addr);
	assert_true(prefix_has(&v6, AF_INET6, addr));
	inet_pton(AF_INET6, "2001:db8:ca2:4::1", addr);
	assert_false(prefix_has(&v6, AF_INET6, addr));
	assert_true(prefix_covers(&lan, &inner));
	assert_false(prefix_covers(&inner, &lan));
	assert_true(prefix_covers(&lan, &lan));
	assert_false(prefix_equal(&lan, &inner));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_bits_are_allowed_and_masked_off),
		cmocka_unit_test(what_is_no_prefix_is_refused_with_what_was_expected),
		cmocka_unit_test(an_address_is_in_a_prefix_or_not),
	};

	return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
