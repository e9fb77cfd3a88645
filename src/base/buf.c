// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/buf.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void buf_reset(struct buf *buf)
{
	buf->length = buf->flushed = 0;
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

/* Returns room for that many more bytes behind the text, or NULL once an allocation has failed. */
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

/* Writes number in decimal, up to end. Returns its first digit, at most 20 bytes before end. */
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

void buf_flush(struct buf *buf, size_t keep)
{
	if (!buf->sink || buf->failed || !buf->length)
		return;
	buf->sink(buf->context, buf->data + buf->flushed, buf->length - buf->flushed);
	buf->length = buf->flushed = keep;
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

/* Returns where the longest run of two or more zero words begins, the first of equals; 8: none. */
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

/* Writes an address as in RFC 5952. byte: its first word is not zero. Returns the end. */
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

/*
 * inet_ntop(3) takes ten times as long, so it writes only IPv6 addresses whose first word is zero.
 * These are rare and have forms of their own, like ::ffff:192.0.2.1.
 */
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
