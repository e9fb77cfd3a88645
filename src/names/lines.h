/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of one record a line, of words with blanks between them. */
#ifndef MZ_NAMES_LINES_H
#define MZ_NAMES_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names/source_file.h"

/* A part of the text, not NUL-terminated. */
struct word {
	const char *text;
	size_t length;
};

struct lines {
	const char *at, *end; /* what is left of the line; its newline is not part of it */
	const char *rest;     /* behind the newline */
	const char *text_end;
	unsigned number;
	unsigned bad; /* the first line that was passed over; 0: none */
	const char *why;
};

struct lines lines_of(const char *text, size_t length);

/* Goes to the next line (the first at first) that has a word; false where there is none. */
bool lines_next(struct lines *lines);

/* Notes that this line is passed over, and why: a constant string. */
void lines_refuse(struct lines *lines, const char *why);

/* The next word on the line. At its end false, and the word is empty. */
bool lines_word(struct lines *lines, struct word *word);

/* As a source_parser: calls read_line, which returns 0 or -errno, for each line that has a word. */
int lines_read(const struct source_text *text,
	int (*read_line)(struct lines *lines, struct name_table *table), struct name_table *table,
	unsigned *line, const char **why);

bool word_is(const struct word *word, const char *text);
bool word_is_number(const struct word *word); /* decimal digits only */

/* Reads an address of either family; network byte order. */
bool word_address(const struct word *word, int *family, uint8_t addr[16]);

/* Copies what a table may want of a name, NUL-terminated. A NUL in it ends it. */
void word_copy(const struct word *word, char name[NAMES_MAX + 2]);

#endif
