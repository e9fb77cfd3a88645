/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a UCI file: lines, quotes, escapes and comments, just as libuci takes them apart. */
#ifndef MZ_NAMES_UCI_LEXER_H
#define MZ_NAMES_UCI_LEXER_H

#include <stdbool.h>

struct uci_lexer {
	const char *at, *eol, *end; /* eol: behind the newline of the line being read */
	unsigned line;		    /* its number */
	const char *why;	    /* what is wrong in it: a constant string */
	char *strings; /* where the next argument goes: as many bytes as text, and one */
};

/* Says why the text is not UCI; returns -EINVAL. */
int uci_lexer_refuse(struct uci_lexer *text, const char *why);

/* The character that is next on the line, 0 at its end. */
unsigned char uci_lexer_peek(const struct uci_lexer *text);

/* Passes over white space and returns the character that follows, as uci_lexer_peek(). */
unsigned char uci_lexer_skip_space(struct uci_lexer *text);

/* Goes to the line after this one (to the first at first); false if there is none. */
bool uci_lexer_next_line(struct uci_lexer *text);

/*
 * Reads an argument of a command, on further lines too where its quotes go on there; "" where
 * there is none. It stays valid as long as strings. Returns 0, or -EINVAL where a quote is open.
 */
int uci_lexer_argument(struct uci_lexer *text, const char **argument);

#endif
