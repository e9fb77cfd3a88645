// SPDX-License-Identifier: GPL-2.0-or-later
/* The JSON reader. json-c, another one, says what is right. */
#include "unit.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"

static const char *const good[] = {"{}", " [ ] ", "\"\"", "0", "-1.5e+3", "true", "false", "null",
	"[1,2 , 3]", "{\"a\":{\"b\":[null,{\"c\":\"d\"}]} , \"e\" : \"\\u00e9\\\\\\\"\\/\\n\"}",
	"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"};

static void what_is_json_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!json_check(good[i]))
			fail_msg("not taken: %s", good[i]);
}

static void what_is_none_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "{", "[", "[1", "[1,", "[1,]", "[,]", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "\"", "\"\\x\"", "\"\\u12g4\"",
		"\"\\u123", "\"\n\"", "tru", "nul", "+1", ".5", "1.", "1e", "-", "- 1", "{} x",
		"[1 2]", "[1}", "\"\\", "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "<html>"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (json_check(bad[i]))
			fail_msg("taken: %s", bad[i]);
	/* Neither are the beginnings of these. */
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		size_t length = strlen(good[i]);
		char *begin = strdup(good[i]);

		assert_non_null(begin);
		while (strchr("{[\"", good[i][0]) && length--) {
			begin[length] = '\0';
			assert_null(json_check(begin));
		}
		free(begin);
	}
}

static void values_are_found(void **state)
{
	static const char text[] =
		"{\"ab\": 1, \"a\": 18446744073709551615, \"b\": [3, null, \"x\"], \"n\": null, "
		"\"t\": true, \"f\": false, \"r\": 0.25, \"s\": \"7\", \"neg\": -5, \"o\": {\"k\": "
		"{}}}";
	const char *object = json_check(text);
	struct json_each each = {0};

	(void)state;
	assert_int_equal(json_get_number(json_get(object, "ab")), 1);
	assert_true(json_get_number(json_get(object, "a")) == UINT64_MAX);
	assert_null(json_get(object, "n"));
	assert_null(json_get(object, "missing"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(json_get(object, "b"), "a"));
	assert_true(json_get_bool(json_get(object, "t")));
	assert_false(json_get_bool(json_get(object, "f")));
	assert_false(json_get_bool(NULL));
	assert_true(json_get_real(json_get(object, "r")) == 0.25);
	assert_int_equal(json_get_number(json_get(object, "s")), 0);
	assert_int_equal(json_get_number(json_get(object, "neg")), 0);
	assert_true(json_is_object(json_get(json_get(object, "o"), "k")));
	assert_int_equal(json_length(json_get(object, "b")), 3);
	assert_int_equal(json_length(object), 10);
	assert_int_equal(json_length(json_get(object, "s")), 0);
	assert_int_equal(json_length(NULL), 0);
	assert_true(json_next(json_get(object, "b"), &each));
	assert_null(each.key);
	assert_int_equal(json_get_number(each.value), 3);
	assert_true(json_next(json_get(object, "b"), &each));
	assert_null(each.value);
	assert_true(json_next(json_get(object, "b"), &each));
	assert_false(json_next(json_get(object, "b"), &each));
}

static void strings_are_what_another_reader_says(void **state)
{
	static const char *const texts[] = {"\"\"", "\"plain\"", "\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"",
		"\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00x\"", "\"\xc3\xa9\xe2\x82\xac\"",
		"\"a\\u0000b\"", "12", "-1.5", "true"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct json_object *other = json_tokener_parse(texts[i]);
		char text[100];

		json_get_string(json_check(texts[i]), text, sizeof(text));
		assert_string_equal(text, json_object_get_string(other));
		json_object_put(other);
	}
}

static void a_string_is_cut_to_what_there_is_room_for(void **state)
{
	char text[4];

	(void)state;
	json_get_string("\"abcdef\"", text, sizeof(text));
	assert_string_equal(text, "abc");
	json_get_string("\"ab\\u20ac\"", text, sizeof(text));
	assert_string_equal(text, "ab");
	json_get_string("\"\\ud83d\"", text,
		sizeof(text)); /* a lone surrogate: three bytes that are not UTF-8 */
	assert_int_equal(strlen(text), 3);
	json_get_string("\"\\ud83d\\u0041\"", text, sizeof(text));
	assert_int_equal(strlen(text), 3);
	json_get_string(NULL, text, sizeof(text));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_json_is_read),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(values_are_found),
		cmocka_unit_test(strings_are_what_another_reader_says),
		cmocka_unit_test(a_string_is_cut_to_what_there_is_room_for),
	};

	return cmocka_run_group_tests_name("json_reader", tests, NULL, NULL);
}
