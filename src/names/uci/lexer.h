/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splits a UCI file into arguments, by lines, quotes, escapes and comments, exactly as libuci does.
 */
#ifndef MZ_NAMES_UCI_LEXER_H
#define MZ_NAMES_UCI_LEXER_H

#include <stdbool.h>

struct uci_lexer {
	const char *at, *eol, *end; /* eol: behind the newline of the current line */
	unsigned line;		    /* the number of that line, from 1 */
	const char *why;	    /* what is wrong in it: a constant string */
	char *strings;		    /* for arguments: as many bytes as text has, plus one */
};

/* Sets why, and returns -EINVAL. */
int uci_lexer_refuse(struct uci_lexer *text, const char *why);

/* Returns the next character on the line; 0 at its end. */
unsigned char uci_lexer_peek(const struct uci_lexer *text);

/* Passes over white space, and returns uci_lexer_peek(). */
unsigned char uci_lexer_skip_space(struct uci_lexer *text);

/* Moves to the next line, first to the first one. Returns false behind the last. */
bool uci_lexer_next_line(struct uci_lexer *text);

/*
 * Reads the next argument of a command; "" where there is none. Moves to further lines where a
 * quote goes on there. The argument lies in strings. Returns 0, or -EINVAL where a quote is never
 * closed.
 */
int uci_lexer_argument(struct uci_lexer *text, const char **argument);

#endif
