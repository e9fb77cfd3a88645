// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <stdio.h>
#include <time.h>

#include "names/leases.h"
#include "parsed.h"

#define EXPECT(text, line, ...) PARSED_EXPECT(leases_parse, text, line, __VA_ARGS__)

static void a_lease_file_of_dnsmasq_names_macs(void **state)
{
	(void)state;
	EXPECT("", 0);
	EXPECT("1700000000 02:00:00:00:00:01 192.168.2.10 anna 01:02:00:00:00:00:01\n"
	       "0 02:00:00:00:00:02 192.168.2.11 forever *\n"
	       "1700000000 02:00:00:00:00:03 192.168.2.12 * ff:00\n"
	       "1700000000 02:00:00:00:00:01 192.168.2.13 twice *\n",
		0, "02:00:00:00:00:01", "anna", "02:00:00:00:00:02", "forever", "192.168.2.10",
		"anna", "192.168.2.11", "forever", "192.168.2.13", "twice");
}

static void hardware_other_than_ethernet_goes_by_its_address(void **state)
{
	(void)state;
	EXPECT("1 20-80:00:02:08:fe:80 192.168.2.10 infinite *\n"
	       "1 06-02:00:00:00:00:01 192.168.2.11 token *\n",
		0, "192.168.2.10", "infinite", "192.168.2.11", "token");
}

static void a_duid_often_has_a_mac(void **state)
{
	(void)state;
	EXPECT("duid 00:01:00:01:2a:b3:c4:d5:02:00:00:00:00:99\n"
	       "1 123 2001:db8::1 llt 00:01:00:01:2a:b3:c4:d5:02:00:00:00:00:01\n"
	       "1 T123 2001:db8::2 ll 00:03:00:01:02:00:00:00:00:02\n"
	       "1 5 2001:db8::3 uuid 00:04:00:01:02:00:00:00:00:03\n"
	       "1 5 2001:db8::4 firewire 00:03:00:18:02:00:00:00:00:03\n"
	       "1 5 2001:db8::5 long 00:03:00:01:02:00:00:00:00:02:05\n"
	       "1 5 2001:db8::6 none\n"
	       "1 5 2001:db8::7 odd 00:03:00:01:02:00:00:00:00:0\n"
	       "1 5 2001:db8::8 * 00:03:00:01:02:00:00:00:00:08\n",
		0, "2:0:0:0:0:1", "llt", "2001:db8::1", "llt", "2:0:0:0:0:2", "ll", "2001:db8::2",
		"ll", "2001:db8::3", "uuid", "2001:db8::4", "firewire", "2001:db8::5", "long",
		"2001:db8::6", "none", "2001:db8::7", "odd");
}

static void a_duid_does_not_take_the_name_of_a_lease(void **state)
{
	(void)state;
	EXPECT("1 5 2001:db8::1 forged 00:03:00:01:02:00:00:00:00:01\n"
	       "1 02:00:00:00:00:01 192.168.2.10 anna *\n",
		0, "2:0:0:0:0:1", "anna", "2001:db8::1", "forged");
	EXPECT("# lan 00030001020000000001 1 forged 1 1 128 2001:db8::1/128\n"
	       "# lan 020000000001 ipv4 anna 1 c0a8020a 32 192.168.2.10/32\n",
		0, "2:0:0:0:0:1", "anna", "2001:db8::1", "forged");
}

static void a_state_file_of_odhcpd_is_read(void **state)
{
	(void)state;
	/* of 2024, with the lines for resolvers in between */
	EXPECT("2001:db8::a\tphone.lan\tphone\n"
	       "# br-lan 00010001c79cb1ea020000000001 11 phone 1700000000 a 128 2001:db8::a/128 "
	       "fd00::a/128\n"
	       "192.168.2.11\tprinter.lan\tprinter\n"
	       "# br-lan 020000000002 ipv4 printer 1700000000 c0a8020b 32 192.168.2.11/32\n"
	       "# br-lan 020000000003 ipv4 - 1700000000 c0a8020c 32 192.168.2.12/32\n",
		0, "2:0:0:0:0:1", "phone", "2001:db8::a", "phone", "fd00::a", "phone",
		"2:0:0:0:0:2", "printer");
	/* of 2026, with colons */
	EXPECT("# br-lan 2:0:0:0:0:4 ipv4 desk -1 c0a8020d 32 192.168.2.13/32\n"
	       "# br-lan 2:0:0:0:0:4 ipv4 other -1 c0a8020e 32 192.168.2.14/32\n",
		0, "2:0:0:0:0:4", "desk", "192.168.2.13", "desk", "192.168.2.14", "other");
	/* a delegated prefix is not the client's address */
	EXPECT("# br-lan 0004aa 11 router -1 1 62 2001:db8:1::/62 2001:db8::1/128 192.168.2.1/24 "
	       "2001:db8::/32\n",
		0, "2001:db8::1", "router");
}

static void names_that_odhcpd_does_not_like_are_shown_as_the_client_wrote_them(void **state)
{
	(void)state;
	EXPECT("# l 020000000001 ipv4 broken\\x20a\"b<c 1 1 32 192.168.2.1/32\n"
	       "# l 020000000002 ipv4 broken\\x20a\\x20b\\x0a\\xc3\\xbc\\x3c 1 1 32 x\n"
	       "# l 020000000003 ipv4 a\\x00b\\xg0\\x 1 1 32 x\n"
	       "# l 020000000004 ipv4 broken\\x20- 1 1 32 x\n"
	       "# l 020000000005 ipv4 broken\\x20 1 1 32 x\n",
		0, "2:0:0:0:0:1", "a\"b<c", "2:0:0:0:0:2", "a b\n\xc3\xbc<", "2:0:0:0:0:3",
		"a\\x00b\\xg0\\x", "2:0:0:0:0:5", "broken ");
}

static void lines_that_are_no_leases_are_passed_over(void **state)
{
	(void)state;
	EXPECT("\n \t \r\n#\n# a comment\n#another one of no use to us\n", 0);
	EXPECT("1 02:00:00:00:00:01 192.168.2.10 anna *\r\n"
	       "garbage\n"
	       "1 02:00:00:00:00:02 192.168.2.11\n"
	       "1 02:00:00:00:00:03 192.168.2.256 nobody *\n"
	       "1 02:00:00:00:00:04 192.168.2.12 otto",
		2, "2:0:0:0:0:1", "anna", "2:0:0:0:0:4", "otto");
	EXPECT("1 02:00:00:00:00:01 192.168.2.10 half", 0, "2:0:0:0:0:1", "half");
	EXPECT("1 02:00:00:00:00:01 192.168.2.10", 1);
	EXPECT("\xef\xbb\xbf", 1);
}

static void a_name_may_be_of_any_bytes(void **state)
{
	static const char name[] = "a\"\\</script>{}\x1b[31m\x01\x7f\xff\xc3\xbc";
	char text[256], long_text[66000];
	struct parsed read;

	(void)state;
	snprintf(text, sizeof(text), "1 2:0:0:0:0:1 192.168.2.10 %s *\n", name);
	EXPECT(text, 0, "2:0:0:0:0:1", name);
	memcpy(long_text, "1 2:0:0:0:0:1 192.168.2.10 ", 27);
	memset(long_text + 27, 'x', sizeof(long_text) - 27);
	read = parsed_from(leases_parse, long_text, sizeof(long_text));
	assert_int_equal(strlen(parsed_find(&read, "2:0:0:0:0:1")), NAMES_MAX);
	name_table_free(&read.table);
}

static void a_nul_ends_a_name(void **state)
{
	static const char text[] = "1 2:0:0:0:0:1 192.168.2.10 a\0b *\n"
				   "1 2:0:0:0:0:2 192.168.2.11 \0 *\n"
				   "1 2:0:0:0:0:3 192.168.2.12\0 c *\n"
				   "# l 020000000004 ipv4 \0 1 1 32 x\n";
	struct parsed read = parsed_from(leases_parse, text, sizeof(text) - 1);

	(void)state;
	assert_string_equal(parsed_find(&read, "2:0:0:0:0:1"), "a");
	assert_int_equal(read.table.host_count, 1);
	assert_int_equal(read.line, 2);
	name_table_free(&read.table);
}

static void a_million_leases_are_no_trouble(void **state)
{
	const unsigned count = rounds(1000000, 1);
	clock_t start = clock();
	struct parsed read;
	char *text, mac[32], name[16];
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_non_null(file);
	for (unsigned i = 1; i <= count; i++)
		fprintf(file, "1 2:0:0:%x:%x:%x 10.%u.%u.%u n%u *\n", i >> 16 & 255, i >> 8 & 255,
			i & 255, i >> 16 & 255, i >> 8 & 255, i & 255, i);
	assert_int_equal(fclose(file), 0);
	read = parsed_from(leases_parse, text, size);
	free(text);
	assert_int_equal(read.table.host_count, count);
	assert_int_equal(read.table.count, 2 * count);
	snprintf(mac, sizeof(mac), "2:0:0:%x:%x:%x", count >> 16, count >> 8 & 255, count & 255);
	snprintf(name, sizeof(name), "n%u", count);
	assert_string_equal(parsed_find(&read, mac), name);
	name_table_free(&read.table);
	assert_true(clock() - start < 60 * CLOCKS_PER_SEC); /* far less, unless quadratic */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_file_of_dnsmasq_names_macs),
		cmocka_unit_test(hardware_other_than_ethernet_goes_by_its_address),
		cmocka_unit_test(a_duid_often_has_a_mac),
		cmocka_unit_test(a_duid_does_not_take_the_name_of_a_lease),
		cmocka_unit_test(a_state_file_of_odhcpd_is_read),
		cmocka_unit_test(
			names_that_odhcpd_does_not_like_are_shown_as_the_client_wrote_them),
		cmocka_unit_test(lines_that_are_no_leases_are_passed_over),
		cmocka_unit_test(a_name_may_be_of_any_bytes),
		cmocka_unit_test(a_nul_ends_a_name),
		cmocka_unit_test(a_million_leases_are_no_trouble),
	};

	return cmocka_run_group_tests_name("leases", tests, NULL, NULL);
}
