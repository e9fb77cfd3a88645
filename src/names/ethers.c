// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/ethers.h"

#include "base/mac.h"
#include "names/lines.h"

/* A comment begins with a word that begins with '#': a name may contain one. */
static int read_line(struct lines *lines, struct name_table *table)
{
	char text[NAMES_MAX + 2];
	uint8_t mac[6], addr[16];
	struct word word;
	int family;

	lines_word(lines, &word);
	if (word.text[0] == '#')
		return 0;
	if (!mac_parse(word.text, word.length, mac)) {
		lines_refuse(lines, "expected a MAC and a name");
		return 0;
	}
	if (!lines_word(lines, &word) || word.text[0] == '#' || word.text[0] == '\0') {
		lines_refuse(lines, "expected a name behind the MAC");
		return 0;
	}
	if (word_address(&word, &family, addr))
		return 0;
	word_copy(&word, text);
	return name_table_add(table, mac, text);
}

int ethers_parse(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why)
{
	return lines_read(text, read_line, table, line, why);
}
