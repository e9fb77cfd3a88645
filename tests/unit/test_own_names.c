// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/own_names.h"

static const char *const given[] = {"accounts.example.org", "Attic"};

static bool has(const char *host)
{
	return own_names_has(host, strlen(host), given, 2);
}

static void addresses_localhost_and_given_names_are_ours(void **state)
{
	static const char *const ours[] = {"192.168.2.1", "192.168.2.1:9999", "127.0.0.1:", "[::1]",
		"[2001:db8::1]:9999", "localhost", "LocalHost:9999", "localhost.",
		"accounts.example.org", "ACCOUNTS.example.ORG.:80", "attic"};

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!has(ours[i]))
			fail_msg("'%s' is ours", ours[i]);
}

static void all_else_is_not(void **state)
{
	static const char *const theirs[] = {"", ":", ":9999", ".", "..", "attacker.example",
		"attacker.example:9999", "localhost.attacker.example", "attic.attacker.example",
		"attic.lan", "192.168.2.1.attacker.example", "192.168.2", "0x7f.1", "2130706433",
		"::1", "[::1", "[::1]x", "[::1]:x", "[]", "[", "[attic]", "[192.168.2.1]",
		"localhost:9999:9999", "localhost:x", "local host", "user@localhost", "localhost/",
		"localhost,attacker.example"};
	char longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		if (has(theirs[i]))
			fail_msg("'%s' is not ours", theirs[i]);
	memset(longest, 'a', sizeof(longest));
	for (size_t length = 250; length < sizeof(longest); length++)
		assert_false(own_names_has(longest, length, given, 2));
	assert_false(own_names_has("localhost\0x", 11, given, 2));
}

static void the_host_name_is_followed(void **state)
{
	char name[64];

	(void)state;
	if (unshare(CLONE_NEWUTS) < 0) {
		print_message("skipped: no host name of its own\n");
		skip();
	}
	for (unsigned i = 1; i < 3; i++) {
		snprintf(name, sizeof(name), "router%u", i);
		assert_int_equal(sethostname(name, strlen(name)), 0);
		assert_int_equal(has("router1"), i == 1);
		assert_int_equal(has("ROUTER1.lan:9999"), i == 1);
		assert_int_equal(has("router2.local"), i == 2);
		assert_int_equal(has("router2.home.arpa."), i == 2);
		assert_false(has("router"));
		assert_false(has("router1x") || has("router2x"));
		assert_false(has("router2.lan.attacker.example"));
		assert_false(has("router2.attacker.example"));
	}
	assert_int_equal(sethostname("gw.example.org", 14), 0);
	assert_true(has("gw") && has("gw.example.org:1") && has("gw.lan"));
	assert_false(has("gw.example") || has("gw.example.org.lan") || has("example.org"));
	assert_int_equal(setdomainname("home.example", 12), 0);
	assert_true(has("gw.home.example"));
	assert_int_equal(sethostname("", 0), 0);
	assert_false(has("") || has(".lan") || has("lan"));
	assert_true(has("localhost"));
}

static void what_may_be_a_name(void **state)
{
	static const char *const names[] = {"a", "router", "a.b", "my_host-1.example.org"},
				 *const none[] = {"", ".", "a.", ".a", "a..b", "a b", "a:1",
					 "[::1]", "a/b", "h\303\266st", "a\n"};
	char longest[OWN_NAMES_LENGTH + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_true(own_names_valid(names[i]));
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_false(own_names_valid(none[i]));
	memset(longest, 'a', sizeof(longest));
	longest[OWN_NAMES_LENGTH + 1] = '\0';
	assert_false(own_names_valid(longest));
	assert_true(own_names_valid(longest + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_localhost_and_given_names_are_ours),
		cmocka_unit_test(all_else_is_not),
		cmocka_unit_test(the_host_name_is_followed),
		cmocka_unit_test(what_may_be_a_name),
	};

	return cmocka_run_group_tests_name("own_names", tests, NULL, NULL);
}
