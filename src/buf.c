// SPDX-License-Identifier: GPL-2.0-or-later
#include "buf.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void buf_reset(struct buf *buf)
{
	buf->length = buf->sunk = 0;
	buf->failed = false;
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

static bool grow(struct buf *buf, size_t more)
{
	size_t capacity = buf->capacity ? buf->capacity : 4096;
	char *data;

	while (capacity - buf->length < more && capacity <= SIZE_MAX / 4)
		capacity *= 2;
	data = capacity - buf->length < more ? NULL : realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

/* Where more bytes may be written, or NULL. */
static char *room(struct buf *buf, size_t more)
{
	if (buf->failed || (buf->capacity - buf->length < more && !grow(buf, more)))
		return NULL;
	return buf->data + buf->length;
}

void buf_bytes(struct buf *buf, const void *bytes, size_t length)
{
	char *to = room(buf, length);

	if (to && length) {
		memcpy(to, bytes, length);
		buf->length += length;
	}
}

void buf_text(struct buf *buf, const char *text)
{
	buf_bytes(buf, text, strlen(text));
}

/* In decimal, so that it ends at end. Returns where it begins, at most 20 bytes before. */
static char *digits(char *end, uint64_t number)
{
	do {
		*--end = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return end;
}

void buf_u64(struct buf *buf, uint64_t number)
{
	char text[20], *end = text + sizeof(text), *from = digits(end, number);

	buf_bytes(buf, from, (size_t)(end - from));
}

void buf_value(struct buf *buf, uint64_t number)
{
	char text[22], *end = text + sizeof(text), *from = digits(end - 1, number);

	end[-1] = '\n';
	*--from = ' ';
	buf_bytes(buf, from, (size_t)(end - from));
}

void buf_repeat(struct buf *buf, size_t offset, size_t length)
{
	char *to = room(buf, length);

	if (to) {
		memcpy(to, buf->data + offset, length);
		buf->length += length;
	}
}

void buf_sink(struct buf *buf, size_t keep)
{
	if (!buf->sink || buf->failed || !buf->length)
		return;
	buf->sink(buf->context, buf->data + buf->sunk, buf->length - buf->sunk);
	buf->length = buf->sunk = keep;
}

void buf_mac(struct buf *buf, const uint8_t mac[6])
{
	static const char hex[] = "0123456789ABCDEF";
	char text[17];

	for (size_t i = 0; i < 6; i++) {
		text[i * 3] = hex[mac[i] >> 4];
		text[i * 3 + 1] = hex[mac[i] & 15];
		if (i < 5)
			text[i * 3 + 2] = ':';
	}
	buf_bytes(buf, text, sizeof(text));
}

/* The longest run of zero words, of two at least and the first of equals: 8, if there is none. */
static int zeros(const uint16_t word[8], int *length)
{
	int at = 8;

	*length = 1;
	for (int i = 0, run = 0; i < 8; i++) {
		run = word[i] ? 0 : run + 1;
		if (run > *length) {
			*length = run;
			at = i + 1 - run;
		}
	}
	return at;
}

/* As RFC 5952 has it. byte: an address whose first word is not zero. Returns the end. */
static char *address6(char *to, const uint8_t byte[16])
{
	uint16_t word[8];
	int at, length;

	for (size_t i = 0; i < 8; i++)
		word[i] = (uint16_t)(byte[2 * i] << 8 | byte[2 * i + 1]);
	at = zeros(word, &length);
	for (int i = 0; i < 8; i++) {
		int shift = 12;

		if (i)
			*to++ = ':';
		if (i == at) {
			i += length - 1;
			if (i == 7)
				*to++ = ':';
			continue;
		}
		while (shift && !(word[i] >> shift))
			shift -= 4;
		for (; shift >= 0; shift -= 4)
			*to++ = "0123456789abcdef"[word[i] >> shift & 15];
	}
	return to;
}

/* Without inet_ntop(), which takes ten times as long, but for the forms that few addresses have. */
void buf_address(struct buf *buf, int family, const void *addr)
{
	const uint8_t *byte = addr;
	char text[INET6_ADDRSTRLEN], *end = text + sizeof(text), *from = end;

	if (family == AF_INET) {
		for (int i = 3; i >= 0; i--) {
			from = digits(from, byte[i]);
			if (i)
				*--from = '.';
		}
		buf_bytes(buf, from, (size_t)(end - from));
	} else if (byte[0] || byte[1]) {
		buf_bytes(buf, text, (size_t)(address6(text, byte) - text));
	} else if (inet_ntop(AF_INET6, addr, text, sizeof(text))) {
		buf_text(buf, text);
	}
}

/* Length of the UTF-8 character text begins with (RFC 3629), 0 where it does not begin with one. */
static size_t utf8(const unsigned char *text)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char low, high;   /* of the second */
		unsigned char length;
	} table[] = {
		{0x01, 0x7f, 0, 0, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (text[0] < table[i].first || text[0] > table[i].last)
			continue;
		if (table[i].length > 1 && (text[1] < table[i].low || text[1] > table[i].high))
			return 0;
		for (size_t k = 2; k < table[i].length; k++)
			if (text[k] < 0x80 || text[k] > 0xbf)
				return 0;
		return table[i].length;
	}
	return 0;
}

const char *buf_character(const char **text, size_t *length)
{
	const char *character = *text;

	*length = utf8((const unsigned char *)character);
	*text += *length ? *length : 1;
	if (*length)
		return character;
	*length = 3;
	return "\xef\xbf\xbd";
}

/* One character; returns what follows it. */
static const char *put_character(struct buf *buf, const char *text)
{
	size_t length;
	const char *character = buf_character(&text, &length);

	buf_bytes(buf, character, length);
	return text;
}

void buf_utf8(struct buf *buf, const char *text)
{
	while (*text)
		text = put_character(buf, text);
}

void buf_label(struct buf *buf, const char *text)
{
	while (*text) {
		if (*text == '\n') {
			buf_bytes(buf, "\\n", 2);
			text++;
		} else {
			if (*text == '\\' || *text == '"')
				buf_bytes(buf, "\\", 1);
			text = put_character(buf, text);
		}
	}
}

bool buf_steers(const char *character, size_t length)
{
	const unsigned char *c = (const unsigned char *)character;
	unsigned last = c[length - 1];

	switch (length) {
	case 1:
		return c[0] < ' ' || c[0] == 0x7f;
	case 2: /* U+0080 to U+009F; U+061C */
		return (c[0] == 0xc2 && last < 0xa0) || (c[0] == 0xd8 && last == 0x9c);
	case 3: /* U+200E and F, U+2028 to E; U+2066 to 9 */
		return c[0] == 0xe2 && ((c[1] == 0x80 && (last == 0x8e || last == 0x8f ||
								 (last >= 0xa8 && last <= 0xae))) ||
					       (c[1] == 0x81 && last >= 0xa6 && last <= 0xa9));
	default:
		return false;
	}
}

/* All that is escaped has at most three bytes. */
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

void buf_json(struct buf *buf, const char *text)
{
	buf_bytes(buf, "\"", 1);
	while (*text) {
		size_t length;
		const char *character = buf_character(&text, &length);

		if (*character == '<' || buf_steers(character, length)) {
			put_escape(buf, character, length);
			continue;
		}
		if (*character == '"' || *character == '\\')
			buf_bytes(buf, "\\", 1);
		buf_bytes(buf, character, length);
	}
	buf_bytes(buf, "\"", 1);
}
