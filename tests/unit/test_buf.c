// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/buf.h"
#include "base/escape.h"

static void expect(struct buf *buf, const char *text)
{
	assert_false(buf->failed);
	assert_int_equal(buf->length, strlen(text));
	assert_memory_equal(buf->data, text, buf->length);
	buf_reset(buf);
}

static void numbers_are_decimal(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_u64(&buf, 0);
	expect(&buf, "0");
	buf_u64(&buf, 10);
	expect(&buf, "10");
	buf_value(&buf, UINT64_MAX);
	expect(&buf, " 18446744073709551615\n");
	buf_u64(&buf, UINT64_MAX);
	expect(&buf, "18446744073709551615");
	buf_free(&buf);
}

static void addresses_are_written_as_users_write_them(void **state)
{
	const uint8_t mac[6] = {0, 0x0b, 0xcc, 0xdd, 0xee, 0xff};
	const uint8_t v4[4] = {192, 168, 0, 200};
	struct buf buf = {0};
	uint8_t v6[16];

	(void)state;
	buf_mac(&buf, mac);
	expect(&buf, "00:0B:CC:DD:EE:FF");
	buf_address(&buf, AF_INET, v4);
	expect(&buf, "192.168.0.200");
	inet_pton(AF_INET6, "2001:0DB8:0:0:1:0:0:5", v6);
	buf_address(&buf, AF_INET6, v6);
	expect(&buf, "2001:db8::1:0:0:5");
	buf_free(&buf);
}

static void addresses_are_as_the_library_has_them(void **state)
{
	static const uint16_t words[] = {1, 0xf, 0x10, 0xff, 0x100, 0xabc, 0x1000, 0xffff, 0x2001};
	struct buf buf = {0};

	(void)state;
	for (unsigned mask = 0; mask < 256; mask++) /* which words are not zero */
		for (unsigned first = 0; first < 9; first++)
			for (unsigned step = 0; step < 9; step++) {
				char expected[INET6_ADDRSTRLEN];
				uint8_t addr[16] = {0};

				for (unsigned i = 0; i < 8; i++) {
					uint16_t word = words[(first + i * step) % 9];

					if (!(mask & 1u << i))
						continue;
					addr[2 * i] = (uint8_t)(word >> 8);
					addr[2 * i + 1] = (uint8_t)word;
				}
				inet_ntop(AF_INET6, addr, expected, sizeof(expected));
				buf_address(&buf, AF_INET6, addr);
				expect(&buf, expected);
			}
	buf_free(&buf);
}

static void labels_are_escaped_and_always_utf8(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"Anna's phone", "Anna's phone"},
		{"a\"b\\c\nd", "a\\\"b\\\\c\\nd"},
		{"h\xc3\xa9 \xf0\x9f\x93\xb1", "h\xc3\xa9 \xf0\x9f\x93\xb1"},
		{"\xff", "\xef\xbf\xbd"},
		{"\xc3", "\xef\xbf\xbd"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
	};
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		escape_label(&buf, cases[i][0]);
		expect(&buf, cases[i][1]);
	}
	buf_free(&buf);
}

static void json_is_escaped_and_steers_no_terminal(void **state)
{
	static const char *const texts[][2] = {{"", "\"\""}, {"a\"\\/b", "\"a\\\"\\\\/b\""},
		{"</script>", "\"\\u003c/script>\""},
		{"\x1b[2J\n\x7f", "\"\\u001b[2J\\u000a\\u007f\""},
		{"\xc2\x80\xc2\x9f\xc2\xa0", "\"\\u0080\\u009f\xc2\xa0\""},
		{"\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xe2\x80\xa8",
			"\"\\u202e\\u2066\\u061c\\u2028\""},
		{"\xe2\x98\x8e\xf0\x9f\x8e\x89\x9b",
			"\"\xe2\x98\x8e\xf0\x9f\x8e\x89\xef\xbf\xbd\""}};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct buf buf = {0};

		escape_json(&buf, texts[i][0]);
		buf_bytes(&buf, "", 1);
		assert_false(buf.failed);
		assert_string_equal(buf.data, texts[i][1]);
		buf_free(&buf);
	}
}

static void it_grows_and_repeats_what_it_holds(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_text(&buf, "0123456789");
	for (int i = 0; i < 12; i++)
		buf_repeat(&buf, 0, buf.length);
	assert_false(buf.failed);
	assert_int_equal(buf.length, 40960);
	assert_memory_equal(buf.data + 40950, "0123456789", 10);
	buf_bytes(&buf, "", SIZE_MAX / 2);
	assert_true(buf.failed);
	buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(addresses_are_written_as_users_write_them),
		cmocka_unit_test(addresses_are_as_the_library_has_them),
		cmocka_unit_test(labels_are_escaped_and_always_utf8),
		cmocka_unit_test(json_is_escaped_and_steers_no_terminal),
		cmocka_unit_test(it_grows_and_repeats_what_it_holds),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
