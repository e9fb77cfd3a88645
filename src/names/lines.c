// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/lines.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct lines lines_of(const char *text, size_t length)
{
	return (struct lines){.at = text, .end = text, .rest = text, .text_end = text + length};
}

static void skip_blanks(struct lines *lines)
{
	while (lines->at < lines->end && is_blank(*lines->at))
		lines->at++;
}

bool lines_next(struct lines *lines)
{
	while (lines->rest < lines->text_end) {
		size_t left = (size_t)(lines->text_end - lines->rest);
		const char *newline = memchr(lines->rest, '\n', left);

		lines->at = lines->rest;
		lines->end = newline ? newline : lines->text_end;
		lines->rest = newline ? newline + 1 : lines->text_end;
		lines->number++;
		skip_blanks(lines);
		if (lines->at < lines->end)
			return true;
	}
	lines->at = lines->end = lines->text_end;
	return false;
}

void lines_refuse(struct lines *lines, const char *why)
{
	if (lines->bad)
		return;
	lines->bad = lines->number;
	lines->why = why;
}

bool lines_word(struct lines *lines, struct word *word)
{
	skip_blanks(lines);
	word->text = lines->at;
	while (lines->at < lines->end && !is_blank(*lines->at))
		lines->at++;
	word->length = (size_t)(lines->at - word->text);
	return word->length > 0;
}

int lines_read(const struct source_text *text,
	int (*read_line)(struct lines *lines, struct name_table *table), struct name_table *table,
	unsigned *line, const char **why)
{
	struct lines lines = lines_of(text->text, text->length);
	int error = 0;

	while (!error && lines_next(&lines))
		error = read_line(&lines, table);
	*line = lines.bad;
	*why = lines.why;
	return error;
}

bool word_is(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

bool word_is_number(const struct word *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (word->text[i] < '0' || word->text[i] > '9')
			return false;
	return word->length > 0;
}

bool word_address(const struct word *word, int *family, uint8_t addr[16])
{
	char text[INET6_ADDRSTRLEN];

	if (word->length >= sizeof(text) || memchr(word->text, '\0', word->length))
		return false;
	memcpy(text, word->text, word->length);
	text[word->length] = '\0';
	*family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(*family, text, addr) == 1;
}

void word_copy(const struct word *word, char name[NAMES_MAX + 2])
{
	size_t length = word->length <= NAMES_MAX ? word->length : NAMES_MAX + 1;

	memcpy(name, word->text, length);
	name[length] = '\0';
}
