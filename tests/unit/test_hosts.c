// SPDX-License-Identifier: GPL-2.0-or-later
/* The parsers of /etc/hosts and of /etc/ethers. */
#include "unit.h"

#include "names/ethers.h"
#include "names/hosts.h"
#include "parsed.h"

#define HOSTS(text, line, ...)	PARSED_EXPECT(hosts_parse, text, line, __VA_ARGS__)
#define ETHERS(text, line, ...) PARSED_EXPECT(ethers_parse, text, line, __VA_ARGS__)

static void the_first_name_of_an_address_counts(void **state)
{
	(void)state;
	HOSTS("192.168.2.10 nas nas.lan # the old one\n"
	      "\t2001:DB8::0:A\tnas6\n"
	      "192.168.2.10 other\n"
	      "# 192.168.2.11 nobody\n"
	      "192.168.2.12#\tnobody\n"
	      "192.168.2.13 x#y\r\n"
	      "\n",
		5, "192.168.2.10", "nas", "2001:db8::a", "nas6", "192.168.2.13", "x");
}

static void what_no_host_on_a_lan_has_is_left_out(void **state)
{
	(void)state;
	HOSTS("127.0.0.1 localhost\n127.0.1.1 me\n::1 localhost\n:: any\n0.0.0.0 ads.example\n"
	      "ff02::1 all\n224.0.0.1 all4\n255.255.255.255 everybody\nfe80::1 link\n"
	      "fe80::2%eth0 scoped\n::ffff:127.0.0.1 mapped\n::2 two\n",
		0, "::2", "two");
}

static void lines_that_name_nobody_are_passed_over(void **state)
{
	(void)state;
	HOSTS("192.168.2.10\n192.168.2.11 a\n", 1, "192.168.2.11", "a");
	HOSTS("192.168.2.11 a\n192.168.2 b\n", 2, "192.168.2.11", "a");
	HOSTS("name 192.168.2.11\n", 1);
	HOSTS("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd x\n", 1);
}

/* Outputs show the address of a host without a name: such a name would look like another host. */
static void an_address_is_no_name(void **state)
{
	(void)state;
	HOSTS("192.168.2.10 192.168.2.11\n192.168.2.10 2001:db8::1\n192.168.2.10 real\n", 0,
		"192.168.2.10", "real");
}

static void ethers_names_macs(void **state)
{
	(void)state;
	ETHERS("# comment\n"
	       "02:00:00:00:00:01 anna\n"
	       "2:0:0:0:0:2\totto#1 and more\n"
	       "  02:00:00:00:00:03 192.168.2.13\n"
	       "02:00:00:00:00:04 2001:db8::4\r\n"
	       "02:00:00:00:00:01 second\n",
		0, "2:0:0:0:0:1", "anna", "2:0:0:0:0:2", "otto#1");
	ETHERS("02:00:00:00:00:01\n02:00:00:00:00:02 # nobody\n02-00-00-00-00-03 dashes\n"
	       "2:0:0:0:0:4 last",
		1, "2:0:0:0:0:4", "last");
	ETHERS("02-00-00-00-00-03 dashes\n", 1);
}

static void a_nul_is_no_name(void **state)
{
	static const char hosts[] = "192.168.2.10 \0\n192.168.2.11 a\0b\n192.168.\0 x\n";
	static const char ethers[] = "2:0:0:0:0:1 \0x\n2:0:0:0:0:2 a\0b\n2:0:0:0:0:\0 x\n";
	struct parsed read = parsed_from(hosts_parse, hosts, sizeof(hosts) - 1);

	(void)state;
	assert_string_equal(parsed_find(&read, "192.168.2.11"), "a");
	assert_int_equal(read.table.count, 1);
	assert_int_equal(read.line, 1);
	name_table_free(&read.table);
	read = parsed_from(ethers_parse, ethers, sizeof(ethers) - 1);
	assert_string_equal(parsed_find(&read, "2:0:0:0:0:2"), "a");
	assert_int_equal(read.table.count, 1);
	assert_int_equal(read.line, 1);
	name_table_free(&read.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_name_of_an_address_counts),
		cmocka_unit_test(what_no_host_on_a_lan_has_is_left_out),
		cmocka_unit_test(lines_that_name_nobody_are_passed_over),
		cmocka_unit_test(an_address_is_no_name),
		cmocka_unit_test(ethers_names_macs),
		cmocka_unit_test(a_nul_is_no_name),
	};

	return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
