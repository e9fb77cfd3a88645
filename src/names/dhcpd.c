// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/dhcpd.h"

#include <string.h>

#include "base/mac.h"
#include "names/journal.h"
#include "names/lines.h"

/* The lease whose lines are being read. */
struct lease {
	unsigned line; /* where it begins; 0: no lease is open */
	int family;
	uint8_t addr[16], mac[6];
	bool has_mac, ended;
	char name[NAMES_MAX + 2];
};

static bool is_one_of(const struct word *word, const char *const *words)
{
	while (*words && !word_is(word, *words))
		words++;
	return *words;
}

bool dhcpd_is(const struct source_text *text)
{
	static const char *const words[] = {"lease", "authoring-byte-order", "server-duid",
		"default-duid", "failover", "host", "ia-na", "ia-ta", "ia-pd", NULL};
	struct lines lines = lines_of(text->text, text->length);
	struct word word;

	while (lines_next(&lines)) {
		lines_word(&lines, &word);
		if (word.text[0] == '#')
			continue;
		while (lines.end > lines.at && strchr(" \t\r", lines.end[-1]))
			lines.end--;
		return is_one_of(&word, words) && lines.end > lines.at &&
		       strchr("{;", lines.end[-1]);
	}
	return false;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Reads a quoted text. A backslash escapes a quote, itself, or a byte as three octal digits. */
static void read_quoted(const struct lines *lines, char name[NAMES_MAX + 2])
{
	const char *at = memchr(lines->at, '"', (size_t)(lines->end - lines->at));
	size_t length = 0;

	*name = '\0';
	if (!at)
		return;
	while (++at < lines->end && *at != '"' && length <= NAMES_MAX) {
		if (*at == '\\' && lines->end - at > 3 && is_octal(at[1]) && is_octal(at[2]) &&
			is_octal(at[3])) {
			name[length++] =
				(char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 3;
			continue;
		}
		if (*at == '\\' && lines->end - at > 1)
			at++;
		name[length++] = *at;
	}
	name[length] = '\0';
}

/* The next word, without the semicolon that ends the statement. */
static void next_word(struct lines *lines, struct word *word)
{
	lines_word(lines, word);
	if (word->length && word->text[word->length - 1] == ';')
		word->length--;
}

static void begin(struct lines *lines, struct lease *lease)
{
	struct word word;

	*lease = (struct lease){0};
	next_word(lines, &word);
	if (word_address(&word, &lease->family, lease->addr))
		lease->line = lines->number;
	else
		lines_refuse(lines, "expected an address behind 'lease'");
}

static int end(
	const struct lease *lease, const struct name_table *journal, struct name_table *table)
{
	if (!lease->line || lease->ended || !*lease->name ||
		!journal_is_last(journal, lease->family, lease->addr, lease->line))
		return 0;
	return lease->has_mac
		       ? name_table_add_held(
				 table, lease->mac, lease->family, lease->addr, lease->name)
		       : name_table_add_address(table, lease->family, lease->addr, lease->name);
}

/* One statement: dhcpd writes each on a line of its own. */
static void read_statement(struct lines *lines, const struct word *first, struct lease *lease)
{
	static const char *const v6[] = {"ia-na", "ia-ta", "ia-pd", NULL};
	struct word word;

	if (word_is(first, "hardware")) {
		next_word(lines, &word);
		if (word_is(&word, "ethernet")) {
			next_word(lines, &word);
			lease->has_mac = mac_parse(word.text, word.length, lease->mac);
		}
	} else if (word_is(first, "binding")) {
		next_word(lines, &word);
		next_word(lines, &word);
		lease->ended = !word_is(&word, "active");
	} else if (word_is(first, "client-hostname")) {
		read_quoted(lines, lease->name);
	} else if (is_one_of(first, v6)) {
		lines_refuse(lines, "ISC dhcpd notes no names of IPv6 hosts");
	}
}

static int read_lines(struct lines *lines, struct name_table *journal, struct name_table *table)
{
	struct lease lease = {0};
	struct word word;
	int error = 0;

	while (!error && lines_next(lines)) {
		lines_word(lines, &word);
		if (word_is(&word, "lease")) {
			begin(lines, &lease);
			if (lease.line && !table)
				error = journal_note(journal, lease.family, lease.addr, lease.line);
		} else if (word.text[0] == '}') {
			error = table ? end(&lease, journal, table) : 0;
			lease.line = 0;
		} else {
			read_statement(lines, &word, &lease);
		}
	}
	return error;
}

int dhcpd_parse(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why)
{
	struct name_table journal = {.seed = table->seed};
	struct lines lines = lines_of(text->text, text->length);
	int error = read_lines(&lines, &journal, NULL);

	if (!error) {
		lines = lines_of(text->text, text->length);
		error = read_lines(&lines, &journal, table);
	}
	*line = lines.bad;
	*why = lines.why;
	name_table_free(&journal);
	return error;
}
