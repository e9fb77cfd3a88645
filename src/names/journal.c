// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 16

int journal_note(struct name_table *journal, int family, const void *addr, unsigned line)
{
	struct name_key key = name_key_address(family, addr);
	char text[DIGITS];

	snprintf(text, sizeof(text), "%u", line);
	return name_table_put(journal, &key, text) ? 0 : -ENOMEM;
}

bool journal_is_last(const struct name_table *journal, int family, const void *addr, unsigned line)
{
	struct name_key key = name_key_address(family, addr);
	const char *last = name_table_find(journal, &key);
	char text[DIGITS];

	snprintf(text, sizeof(text), "%u", line);
	return last && strcmp(last, text) == 0;
}
