// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/name.h"

#include <ctype.h>
#include <stddef.h>

bool name_agrees(const char *a, const char *b)
{
	size_t length = 0;

	while (a[length] && tolower((unsigned char)a[length]) == tolower((unsigned char)b[length]))
		length++;
	if (!a[length] && !b[length])
		return true;
	return length > 0 && ((!a[length] && b[length] == '.') || (!b[length] && a[length] == '.'));
}
