// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/utf8.h"

/* The length of the UTF-8 character that text begins with (RFC 3629), or 0. */
static size_t length_of(const unsigned char *text)
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

const char *utf8_next(const char **text, size_t *length)
{
	const char *character = *text;

	*length = length_of((const unsigned char *)character);
	*text += *length ? *length : 1;
	if (*length)
		return character;
	*length = 3;
	return "\xef\xbf\xbd";
}

const char *utf8_put(struct buf *buf, const char *text)
{
	size_t length;
	const char *character = utf8_next(&text, &length);

	buf_bytes(buf, character, length);
	return text;
}

void utf8_text(struct buf *buf, const char *text)
{
	while (*text)
		text = utf8_put(buf, text);
}

bool utf8_steers(const char *character, size_t length)
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
