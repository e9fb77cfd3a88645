// SPDX-License-Identifier: GPL-2.0-or-later
/* Leases of other servers than dnsmasq and odhcpd, and dnsmasq's dhcp-hostsfile. */
#include "unit.h"

#include <stdio.h>

#include "names/leases.h"
#include "parsed.h"

#define EXPECT(text, line, ...) PARSED_EXPECT(leases_parse, text, line, __VA_ARGS__)

/* A file of tests/corpus/leases. */
static const char *corpus(const char *name)
{
	static char text[8192];
	char path[64];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "tests/corpus/leases/%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	assert_int_equal(fclose(file), 0);
	text[length] = '\0';
	return text;
}

static void the_last_line_of_an_address_counts_in_keas_file(void **state)
{
	(void)state;
	EXPECT(corpus("kea4"), 0, "2:0:0:0:0:1", "anna", "192.168.2.10", "anna", "2:0:0:0:0:2",
		"otto.example.org", "192.168.2.11", "otto.example.org", "2:0:0:0:0:5", "now",
		"192.168.2.13", "now", "192.168.2.16", "a,b", "192.168.2.17", "no-mac");
	EXPECT(corpus("kea6"), 0, "2:0:0:0:0:1", "anna", "2001:db8::10", "anna", "2001:db8::11",
		"uuid.lan");
}

static void columns_of_kea_are_found_by_their_names(void **state)
{
	(void)state;
	EXPECT("address,hostname,hwaddr\r\n192.168.2.1,anna,2:0:0:0:0:1\r\n"
	       "192.168.2.2,otto\n192.168.2.3\n192.168.2.4,,\n",
		0, "2:0:0:0:0:1", "anna", "192.168.2.2", "otto");
	EXPECT("address,hwaddr\n192.168.2.1,2:0:0:0:0:1\n", 0);
	EXPECT("address,hwaddr,hostname\n192.168.2.1,2:0:0:0:0:1,anna\nnonsense,,\n,,\n", 3,
		"2:0:0:0:0:1", "anna");
	EXPECT("address,", 0);
}

static void the_last_lease_of_an_address_counts_in_dhcpds_file(void **state)
{
	(void)state;
	EXPECT(corpus("dhcpd"), 0, "2:0:0:0:0:1", "anna", "192.168.2.10", "anna", "2:0:0:0:0:3",
		"a \"b\"\\ \xc3\xbc; }", "192.168.2.13", "ring");
	EXPECT("lease 192.168.2.1 {\n  client-hostname \"anna\";\n", 0); /* an incomplete file */
	EXPECT("lease 192.168.2 {\n  client-hostname \"anna\";\n}\n"
	       "lease 192.168.2.1 {\n client-hostname \"otto\n}\n",
		1, "192.168.2.1", "otto");
	EXPECT("server-duid \"x\";\nia-na \"y\" {\n  iaaddr 2001:db8::1 {\n  }\n}\n", 2);
	EXPECT("lease without\n", 1);
}

static void a_dhcp_hostsfile_names_macs_and_addresses(void **state)
{
	(void)state;
	EXPECT(corpus("dhcp_hosts"), 0, "2:0:0:0:0:1", "anna", "192.168.2.10", "anna",
		"2:0:0:0:0:2", "otto", "2:0:0:0:0:3", "otto", "192.168.2.11", "otto", "2:0:0:0:0:4",
		"emil", "192.168.2.12", "ida", "192.168.2.13", "wild", "192.168.2.14", "printer",
		"2:0:0:0:0:7", "six", "2001:db8::7", "six", "2:0:0:0:0:8", "suffix", "2:0:0:0:0:a",
		"both", "192.168.2.20", "both", "2001:db8::a", "both");
	EXPECT("a,b\n2:0:0:0:0:1,anna\n", 1, "2:0:0:0:0:1", "anna");
}

static void of_what_is_not_read_one_line_tells(void **state)
{
	(void)state;
	EXPECT("{\"leases\": []}\n", 1);
	EXPECT("ADDRESS=192.168.2.1\nHOSTNAME=anna\n", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_line_of_an_address_counts_in_keas_file),
		cmocka_unit_test(columns_of_kea_are_found_by_their_names),
		cmocka_unit_test(the_last_lease_of_an_address_counts_in_dhcpds_file),
		cmocka_unit_test(a_dhcp_hostsfile_names_macs_and_addresses),
		cmocka_unit_test(of_what_is_not_read_one_line_tells),
	};

	return cmocka_run_group_tests_name("leases_more", tests, NULL, NULL);
}
