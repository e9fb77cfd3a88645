// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/uci/lexer.h"

#include <errno.h>
#include <string.h>

int uci_lexer_refuse(struct uci_lexer *text, const char *why)
{
	text->why = why;
	return -EINVAL;
}

unsigned char uci_lexer_peek(const struct uci_lexer *text)
{
	return text->at < text->eol ? (unsigned char)*text->at : 0;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

unsigned char uci_lexer_skip_space(struct uci_lexer *text)
{
	while (is_space(uci_lexer_peek(text)))
		text->at++;
	return uci_lexer_peek(text);
}

bool uci_lexer_next_line(struct uci_lexer *text)
{
	const char *newline;

	text->at = text->eol;
	if (text->at == text->end)
		return false;
	newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
	text->eol = newline ? newline + 1 : text->end;
	text->line++;
	return true;
}

/* Passes over a backslash. Returns whether a character to copy follows; a line's end is skipped. */
static bool escapes(struct uci_lexer *text)
{
	size_t left = (size_t)(text->eol - ++text->at);

	if (left == 0 || *text->at == '\n' || (left == 2 && !memcmp(text->at, "\r\n", 2))) {
		uci_lexer_next_line(text);
		return false;
	}
	return true;
}

/* Copies from an opening quote to its closing one, over as many lines as it takes. */
static int read_quoted(struct uci_lexer *text, char **to)
{
	unsigned line = text->line;
	char quote = *text->at++;

	for (;;) {
		if (text->at == text->eol && !uci_lexer_next_line(text)) {
			text->line = line;
			return uci_lexer_refuse(text, "the quote that opens here is never closed");
		}
		if (*text->at == quote) {
			text->at++;
			return 0;
		}
		if (quote == '"' && *text->at == '\\' && !escapes(text))
			continue;
		*(*to)++ = *text->at++;
	}
}

/*
 * This never writes more than it reads: a quote, a backslash or the character that ended the
 * argument leaves room for the NUL.
 */
int uci_lexer_argument(struct uci_lexer *text, const char **argument)
{
	char *to = text->strings;
	bool plain = true;
	unsigned char c;
	int error;

	*argument = "";
	if (uci_lexer_skip_space(text) == ';') {
		text->at++;
		return 0;
	}
	do {
		c = uci_lexer_peek(text);
		if (c == '\'' || c == '"') {
			plain = false;
			error = read_quoted(text, &to);
			if (error)
				return error;
			continue;
		}
		if (!c || c == ';' || c == '#')
			break;
		if (c == '\\') {
			plain = false;
			if (!escapes(text))
				continue;
		}
		*to++ = *text->at++;
	} while (uci_lexer_peek(text) && !is_space(uci_lexer_peek(text)));

	/* libuci drops the rest of a line whose ';' touches an argument without quotes. */
	c = uci_lexer_peek(text);
	if (c == '#' || (c == ';' && plain))
		text->at = text->eol;
	else if (is_space(c))
		text->at++;
	if (to != text->strings) {
		*argument = text->strings;
		*to++ = '\0';
		text->strings = to;
	}
	return 0;
}
