// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/escape.h"

#include "base/utf8.h"

/* Appends the ASCII at the start of text that needs no escape, as most names are all of that. */
static const char *put_plain(struct buf *buf, const char *text)
{
	const char *end = text;

	while (*end >= ' ' && *end < 0x7f && *end != '"' && *end != '\\' && *end != '<')
		end++;
	if (end != text)
		buf_bytes(buf, text, (size_t)(end - text));
	return end;
}

void escape_label(struct buf *buf, const char *text)
{
	while (*(text = put_plain(buf, text))) {
		if (*text == '\n') {
			buf_bytes(buf, "\\n", 2);
			text++;
		} else {
			if (*text == '\\' || *text == '"')
				buf_bytes(buf, "\\", 1);
			text = utf8_put(buf, text);
		}
	}
}

/* Appends \uNNNN. Every character that escape_json() escapes so has at most three bytes. */
static void put_escape(struct buf *buf, const char *character, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	static const unsigned char bits[] = {0, 0x7f, 0x1f, 0x0f};
	unsigned point = (unsigned char)character[0] & bits[length];
	char escape[6] = "\\u";

	for (size_t i = 1; i < length; i++)
		point = point << 6 | ((unsigned char)character[i] & 0x3f);
	for (size_t i = 0; i < 4; i++)
		escape[2 + i] = hex[point >> (12 - 4 * i) & 15];
	buf_bytes(buf, escape, sizeof(escape));
}

void escape_json(struct buf *buf, const char *text)
{
	buf_bytes(buf, "\"", 1);
	while (*(text = put_plain(buf, text))) {
		size_t length;
		const char *character = utf8_next(&text, &length);

		if (*character == '<' || utf8_steers(character, length)) {
			put_escape(buf, character, length);
			continue;
		}
		if (*character == '"' || *character == '\\')
			buf_bytes(buf, "\\", 1);
		buf_bytes(buf, character, length);
	}
	buf_bytes(buf, "\"", 1);
}
