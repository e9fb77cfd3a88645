// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/hosts.h"

#include <string.h>

#include "names/lines.h"

/* In hosts(5), a '#' begins a comment anywhere in the line. */
static void cut_comment(struct lines *lines)
{
	const char *comment = memchr(lines->at, '#', (size_t)(lines->end - lines->at));

	if (comment)
		lines->end = comment;
}

static int read_line(struct lines *lines, struct name_table *table)
{
	char text[NAMES_MAX + 2];
	struct word word;
	uint8_t addr[16];
	int family;

	cut_comment(lines);
	if (!lines_word(lines, &word))
		return 0;
	if (memchr(word.text, '%', word.length))
		return 0; /* a link-local address with its scope */
	if (!word_address(&word, &family, addr)) {
		lines_refuse(lines, "expected an address and a name");
		return 0;
	}
	if (!lines_word(lines, &word) || word.text[0] == '\0') {
		lines_refuse(lines, "expected a name behind the address");
		return 0;
	}
	word_copy(&word, text);
	return name_table_add_address(table, family, addr, text);
}

int hosts_parse(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why)
{
	return lines_read(text, read_line, table, line, why);
}
