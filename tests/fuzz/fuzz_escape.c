// SPDX-License-Identifier: GPL-2.0-or-later
/* Names in labels and in JSON: read back, they are the same name. */
#include "fuzz.h"

#include <json-c/json.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/utf8.h"

/* Reads a label value as Prometheus does; false where it ends early. */
static bool read_label(const struct buf *label, struct buf *text)
{
	for (size_t i = 0; i < label->length; i++) {
		char c = label->data[i];

		if (c == '"' || c == '\n')
			return false;
		if (c == '\\') {
			if (++i == label->length)
				return false;
			c = label->data[i];
			if (c != 'n' && c != '\\' && c != '"')
				return false;
			c = c == 'n' ? '\n' : c;
		}
		buf_bytes(text, &c, 1);
	}
	return true;
}

static bool same(const struct buf *a, const char *data, size_t length)
{
	return a->length == length && (!length || memcmp(a->data, data, length) == 0);
}

/*
 * Checks what json-c overlooks when it is not strict. In strict mode, json-c 0.18 takes non-ASCII
 * characters for control characters.
 */
static bool is_strict(const struct buf *json)
{
	for (size_t i = 0; i < json->length; i++)
		if ((unsigned char)json->data[i] < ' ' || json->data[i] == '<')
			return false;
	return json->length >= 2 && json->data[0] == '"' && json->data[json->length - 1] == '"';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size, true);
	struct buf utf8 = {0}, again = {0}, label = {0}, json = {0}, read = {0};
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *parsed;

	utf8_text(&utf8, text);
	fuzz_check(!memchr(utf8.data ? utf8.data : "x", 0, utf8.length));
	buf_bytes(&utf8, "", 1);
	utf8_text(&again, utf8.data); /* it is UTF-8 now */
	utf8.length--;
	fuzz_check(same(&utf8, again.data, again.length));

	escape_label(&label, text);
	fuzz_check(read_label(&label, &read) && same(&utf8, read.data, read.length));

	escape_json(&json, text);
	fuzz_check(is_strict(&json));
	parsed = json_tokener_parse_ex(tokener, json.data, (int)json.length);
	fuzz_check(json_tokener_get_parse_end(tokener) == json.length);
	fuzz_check(json_object_is_type(parsed, json_type_string));
	fuzz_check(same(
		&utf8, json_object_get_string(parsed), (size_t)json_object_get_string_len(parsed)));
	json_object_put(parsed);
	json_tokener_free(tokener);
	buf_free(&utf8);
	buf_free(&again);
	buf_free(&label);
	buf_free(&json);
	buf_free(&read);
	free(text);
	return 0;
}
