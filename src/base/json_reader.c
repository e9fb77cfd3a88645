// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_reader.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH 16

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* The skip_ functions return what follows the item at `at`, or NULL where it is not JSON. */
static const char *skip_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	while (*at != '"') {
		if ((unsigned char)*at < ' ')
			return NULL;
		if (*at++ != '\\')
			continue;
		if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") >= 4)
			at += 5;
		else if (*at && strchr("\"\\/bfnrt", *at))
			at++;
		else
			return NULL;
	}
	return at + 1;
}

static const char *skip_digits(const char *at)
{
	size_t count = strspn(at, "0123456789");

	return count ? at + count : NULL;
}

static const char *skip_number(const char *at)
{
	at = skip_digits(at + (*at == '-'));
	if (at && *at == '.')
		at = skip_digits(at + 1);
	if (at && (*at == 'e' || *at == 'E'))
		at = skip_digits(at + 1 + (at[1] == '-' || at[1] == '+'));
	return at;
}

static const char *skip_word(const char *at, const char *word)
{
	return strncmp(at, word, strlen(word)) == 0 ? at + strlen(word) : NULL;
}

/* Skips "key": and the blanks behind it. */
static const char *skip_key(const char *at)
{
	at = skip_string(at);
	at = at ? skip_blanks(at) : NULL;
	return at && *at == ':' ? skip_blanks(at + 1) : NULL;
}

static const char *skip_value(const char *at, unsigned depth);

static const char *skip_container(const char *at, unsigned depth)
{
	bool object = *at == '{';
	char end = object ? '}' : ']';

	at = skip_blanks(at + 1);
	if (*at == end)
		return at + 1;
	for (;;) {
		at = object ? skip_key(at) : at;
		at = at ? skip_value(at, depth + 1) : NULL;
		at = at ? skip_blanks(at) : NULL;
		if (at && *at == end)
			return at + 1;
		if (!at || *at != ',')
			return NULL;
		at = skip_blanks(at + 1);
	}
}

static const char *skip_value(const char *at, unsigned depth)
{
	switch (*at) {
	case '{':
	case '[':
		return depth < DEPTH ? skip_container(at, depth) : NULL;
	case '"':
		return skip_string(at);
	case 't':
		return skip_word(at, "true");
	case 'f':
		return skip_word(at, "false");
	case 'n':
		return skip_word(at, "null");
	default:
		return skip_number(at);
	}
}

const char *json_check(const char *text)
{
	const char *value = skip_blanks(text), *end = skip_value(value, 0);

	return end && !*skip_blanks(end) ? value : NULL;
}

bool json_next(const char *container, struct json_each *each)
{
	const char *at;

	if (!container || (*container != '{' && *container != '['))
		return false;
	at = skip_blanks(each->end ? each->end : container + 1);
	if (*at == ']' || *at == '}')
		return false;
	if (each->end) /* skip the comma */
		at = skip_blanks(at + 1);
	each->key = *container == '{' ? at : NULL;
	if (each->key)
		at = skip_key(at);
	each->value = *at == 'n' ? NULL : at;
	each->end = skip_value(at, 0);
	return true;
}

const char *json_get(const char *object, const char *key)
{
	struct json_each each = {0};
	size_t length = strlen(key);

	while (json_is_object(object) && json_next(object, &each))
		if (strncmp(each.key + 1, key, length) == 0 && each.key[1 + length] == '"')
			return each.value;
	return NULL;
}

bool json_is_object(const char *value)
{
	return value && *value == '{';
}

size_t json_length(const char *container)
{
	struct json_each each = {0};
	size_t length = 0;

	while (json_next(container, &each))
		length++;
	return length;
}

uint64_t json_get_number(const char *value)
{
	return value && *value >= '0' && *value <= '9' ? strtoull(value, NULL, 10) : 0;
}

double json_get_real(const char *value)
{
	return value && (*value == '-' || (*value >= '0' && *value <= '9')) ? strtod(value, NULL)
									    : 0;
}

bool json_get_bool(const char *value)
{
	return value && *value == 't';
}

static unsigned hex4(const char *at)
{
	char text[5] = "";

	memcpy(text, at, 4);
	return (unsigned)strtoul(text, NULL, 16);
}

/* Returns the code point of an escape sequence, and moves *at behind it. */
static unsigned take_escape(const char **at)
{
	static const char plain[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *which = strchr(plain, (*at)[1]);
	unsigned point, low;

	*at += 2;
	if ((*at)[-1] != 'u')
		return (unsigned char)(which ? meant[which - plain] : (*at)[-1]);
	point = hex4(*at);
	*at += 4;
	if (point < 0xd800 || point > 0xdbff || strncmp(*at, "\\u", 2) != 0)
		return point;
	low = hex4(*at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return point;
	*at += 6;
	return 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
}

/*
 * Encodes a code point in UTF-8. A lone surrogate becomes three bytes that are not valid UTF-8,
 * which utf8_next() replaces. Returns the length.
 */
static size_t encode(unsigned point, char to[4])
{
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char mark[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length; i-- > 1; point >>= 6)
		to[i] = (char)(0x80 | (point & 0x3f));
	to[0] = (char)(mark[length] | point);
	return length;
}

void json_get_string(const char *value, char *to, size_t room)
{
	const char *end = value ? skip_value(value, 0) : NULL, *at = value;
	size_t used = 0, length;
	char character[4];

	if (end && *value == '"') {
		at++;
		end--;
	}
	while (at && at < end) {
		if (*value == '"' && *at == '\\') {
			length = encode(take_escape(&at), character);
		} else {
			character[0] = *at++;
			length = 1;
		}
		if (used + length >= room)
			break;
		memcpy(to + used, character, length);
		used += length;
	}
	to[used] = '\0';
}
