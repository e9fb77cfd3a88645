/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads files with one record per line, whose words have blanks between them. */
#ifndef MZ_NAMES_LINES_H
#define MZ_NAMES_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names/parser.h"

/* A part of the text, not NUL-terminated. */
struct word {
	const char *text;
	size_t length;
};

struct lines {
	const char *at, *end; /* the rest of the line, without its newline */
	const char *rest;     /* behind the newline: the lines that follow */
	const char *text_end;
	unsigned number; /* of the line, from 1 */
	unsigned bad;	 /* the first line that lines_refuse() passed over; 0: none */
	const char *why; /* it was passed over */
};

/* Begins to read length bytes of text, which stays the caller's. */
struct lines lines_of(const char *text, size_t length);

/* Moves to the next line that has a word, first to the first one. Returns false behind the last. */
bool lines_next(struct lines *lines);

/* Notes that the parser passes over this line. why: a constant string, what was expected. */
void lines_refuse(struct lines *lines, const char *why);

/* Takes the next word off the line. Returns false, and an empty word, at the end of the line. */
bool lines_word(struct lines *lines, struct word *word);

/*
 * Does what a source_parser does: calls read_line for each line that has a word, until one returns
 * an error. read_line returns 0 or -errno.
 */
int lines_read(const struct source_text *text,
	int (*read_line)(struct lines *lines, struct name_table *table), struct name_table *table,
	unsigned *line, const char **why);

bool word_is(const struct word *word, const char *text);
bool word_is_number(const struct word *word); /* decimal digits only */

/* Reads an IPv4 or IPv6 address into addr, network byte order. Returns false for other words. */
bool word_address(const struct word *word, int *family, uint8_t addr[16]);

/*
 * Copies a word, NUL-terminated, cut to NAMES_MAX + 1 bytes: one more than a table keeps, so that
 * it cuts between characters. A NUL in the word ends it.
 */
void word_copy(const struct word *word, char name[NAMES_MAX + 2]);

#endif
