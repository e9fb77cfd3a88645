// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/printable.h"

#include <string.h>

#include "base/utf8.h"

size_t printable(const char **from, char *to, size_t room)
{
	size_t used = 0;

	while (**from) {
		const char *next = *from, *character;
		size_t length;

		character = utf8_next(&next, &length);
		if (character != *from || utf8_steers(character, length)) {
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
