// SPDX-License-Identifier: GPL-2.0-or-later
/* What nlbwmon exports: tests/corpus/nlbwmon has one export in several forms. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/nlbwmon.h"

static const uint8_t laptop[6] = {2, 0, 0, 0, 2, 0x0a};
static char error[NLBWMON_ERROR];

static int read_text(const char *text, struct nlbwmon *found)
{
	error[0] = '\0';
	return nlbwmon_read(text, strlen(text), found, error);
}

static void read_file(const char *name, struct nlbwmon *found)
{
	char path[64], text[4096];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "tests/corpus/nlbwmon/%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	if (read_text(text, found) != 0)
		fail_msg("%s: %s", name, error);
}

static void expect(const struct nlbwmon_row *row, uint64_t down, uint64_t down_packets, uint64_t up,
	uint64_t up_packets)
{
	assert_int_equal(row->counts.bytes[MZ_DOWNLOAD], down);
	assert_int_equal(row->counts.packets[MZ_DOWNLOAD], down_packets);
	assert_int_equal(row->counts.bytes[MZ_UPLOAD], up);
	assert_int_equal(row->counts.packets[MZ_UPLOAD], up_packets);
}

static void each_form_tells_the_same(void **state)
{
	static const char *const names[] = {"json", "csv", "csv_commas", "csv_semicolons"};
	static const uint8_t address[16] = {192, 168, 2, 77}, none[16];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct nlbwmon found;

		read_file(names[i], &found);
		assert_int_equal(found.count, 3);
		assert_memory_equal(found.rows[0].mac, none, 6);
		assert_int_equal(found.rows[0].family, AF_INET);
		assert_memory_equal(found.rows[0].addr, address, 16);
		expect(&found.rows[0], 5, 1, 6, 1);
		assert_memory_equal(found.rows[1].mac, laptop, 6);
		assert_int_equal(found.rows[1].family, AF_INET);
		assert_memory_equal(found.rows[1].addr, none, 16);
		expect(&found.rows[1], 1008000, 940, 54000, 440);
		assert_int_equal(found.rows[2].family, AF_INET6);
		expect(&found.rows[2], 70, 1, 60, 1);
		free(found.rows);
	}
}

static void columns_may_be_others(void **state)
{
	struct nlbwmon found;

	(void)state;
	read_file("csv_by_mac", &found);
	assert_int_equal(found.count, 1);
	expect(&found.rows[0], 2, 3, 4, 5);
	free(found.rows);
	assert_int_equal(
		read_text("{\"columns\":[\"tx_pkts\",\"tx_bytes\",\"new\",\"ip\",\"rx_pkts\","
			  "\"rx_bytes\"],\"data\":[[1,2,{},\"2001:db8::1\",3,"
			  "9223372036854775807]],\"more\":[]}",
			&found),
		0);
	assert_int_equal(found.rows[0].family, AF_INET6);
	expect(&found.rows[0], INT64_MAX, 3, 2, 1);
	free(found.rows);
	assert_int_equal(
		read_text("ip,rx_bytes,rx_pkts,tx_bytes,tx_pkts\r\n10.0.0.1,1,2,3,4\r\n", &found),
		0);
	expect(&found.rows[0], 1, 2, 3, 4);
	free(found.rows);
}

#define HEAD "mac,family,rx_bytes,rx_pkts,tx_bytes,tx_pkts\n"
#define JHEAD                                                                                      \
	"{\"columns\":[\"mac\",\"family\",\"rx_bytes\",\"rx_pkts\",\"tx_bytes\",\"tx_pkts\"],"     \
	"\"data\":["

static void what_is_wrong_is_named_by_its_line(void **state)
{
	static const char *const cases[][2] = {
		{"", "line 1: expected what nlbw -c json or nlbw -c csv print"},
		{"\n", "line 1: expected what"},
		{"not an export", "line 1: expected the columns rx_bytes"},
		{"mac\n", "line 1: expected what"},
		{"\"mac\n", "line 1: expected what"},
		{"family,rx_bytes,rx_pkts,tx_bytes,tx_pkts\n", "expected a column mac or ip"},
		{"mac,rx_bytes,rx_pkts,tx_bytes,tx_pkts\n", "expected a column family or ip"},
		{"mac,mac,rx_bytes\n", "line 1: column 'mac': expected it once"},
		{HEAD, "there is nothing to import in it"},
		{HEAD "02:00:00:00:00:01,4,1,1,1,1\n02:00:00:00:00:01,4,1,1,1,x\n",
			"line 3: tx_pkts 'x': expected a number below 2^63"},
		{HEAD "02:00:00:00:00:01,4,-1,1,1,1\n", "line 2: rx_bytes '-1': expected a number"},
		{HEAD "02:00:00:00:00:01,4,,1,1,1\n", "line 2: rx_bytes '': expected a number"},
		{HEAD "02:00:00:00:00:01,4,1.5,1,1,1\n", "rx_bytes '1.5': expected a number"},
		{HEAD "02:00:00:00:00:01,4,9223372036854775808,1,1,1\n", "below 2^63"},
		{HEAD "02:00:00:00:00:01,4,000000000000000000000000000001,1,1,1\n", "below 2^63"},
		{HEAD "02:00:00:00:00:01,5,1,1,1,1\n", "line 2: family '5': expected 4 or 6"},
		{HEAD "02:00:00:00:00,4,1,1,1,1\n", "line 2: mac '02:00:00:00:00': expected a MAC"},
		{HEAD "00:00:00:00:00:00,4,1,1,1,1\n", "line 2: expected a MAC that is not zero"},
		{HEAD "02:00:00:00:00:01,4,1,1,1\n", "line 2: expected as many fields as columns"},
		{HEAD "02:00:00:00:00:01,4,1,1,1,1,1\n", "line 2: expected as many fields"},
		{HEAD "02:00:00:00:00:01,4,1,1,1,1\n\n", "line 3: expected as many fields"},
		{"\"mac\",\"rx\n", "line 1: expected an end of each string"},
		{"\"mac\"\"rx\"\n", "line 1: expected"},
		{"ip,family,rx_bytes,rx_pkts,tx_bytes,tx_pkts\n10.0.0.1,6,1,1,1,1\n",
			"line 2: expected an address of the family that is given"},
		{"ip,rx_bytes,rx_pkts,tx_bytes,tx_pkts\n10.0.0.256,1,1,1,1\n",
			"line 2: ip '10.0.0.256': expected an address"},
		{HEAD "02:00:00:00:00:01,4,9223372036854775807,1,1,1\n"
		      "02:00:00:00:00:01,4,1,1,1,1\n",
			"expected sums below 2^63 of each host"},
		{"{", "expected what nlbw -c json or nlbw -c csv print"},
		{"[]", "expected what nlbw"},
		{"{\"data\":[]}", "row 0: expected the columns"},
		{JHEAD "]}", "there is nothing to import in it"},
		{JHEAD "[\"02:00:00:00:00:01\",4,1,1,1,1],[\"02:00:00:00:00:01\",4,1,1,1,1e3]]}",
			"row 2: tx_pkts '1e3': expected a number"},
		{JHEAD "[\"02:00:00:00:00:01\",4,1,1,1,null]]}", "row 1: tx_pkts"},
		{JHEAD "[\"02:00:00:00:00:01\",4,1,1,1]]}", "row 1: expected as many fields"},
		{JHEAD "7]}", "row 1: expected as many fields"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct nlbwmon found;

		assert_int_equal(read_text(cases[i][0], &found), -EINVAL);
		assert_null(found.rows);
		if (!strstr(error, cases[i][1]))
			fail_msg("%s gives '%s', not '%s'", cases[i][0], error, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_tells_the_same),
		cmocka_unit_test(columns_may_be_others),
		cmocka_unit_test(what_is_wrong_is_named_by_its_line),
	};

	return cmocka_run_group_tests_name("nlbwmon", tests, NULL, NULL);
}
