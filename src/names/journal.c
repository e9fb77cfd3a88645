// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 16

int journal_note(struct names_list *journal, int family, const void *addr, unsigned line)
{
	struct names_key key = names_key_address(family, addr);
	char text[DIGITS];

	snprintf(text, sizeof(text), "%u", line);
	return names_list_put(journal, &key, text) ? 0 : -ENOMEM;
}

bool journal_is_last(const struct names_list *journal, int family, const void *addr, unsigned line)
{
	struct names_key key = names_key_address(family, addr);
	const char *last = names_list_find(journal, &key);
	char text[DIGITS];

	snprintf(text, sizeof(text), "%u", line);
	return last && strcmp(last, text) == 0;
}
