// SPDX-License-Identifier: GPL-2.0-or-later
#include "printable.h"

#include <stdbool.h>
#include <string.h>

#include "buf.h"

static bool is_control(const char *character, size_t length)
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

size_t printable(const char **from, char *to, size_t room)
{
	size_t used = 0;

	while (**from) {
		const char *next = *from, *character;
		size_t length;

		character = buf_character(&next, &length);
		if (character != *from || is_control(character, length)) {
			character = "?";
			length = 1;
		}
		if (used + length >= room)
			break;
		memmove(to + used, character, length);
		used += length;
		*from = next;
	}
	to[used] = '\0';
	return used;
}
