/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads text that may not be valid UTF-8 (RFC 3629), character by character. */
#ifndef MZ_BASE_UTF8_H
#define MZ_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Returns the next character, *length bytes without NUL, and moves *text behind it. A byte that is
 * not part of a valid character counts as U+FFFD. The text must not be at its end.
 */
const char *utf8_next(const char **text, size_t *length);

/* Appends the next character, by utf8_next(). Returns what follows it in text. */
const char *utf8_put(struct buf *buf, const char *text);

/* Appends a whole text, by utf8_next(). */
void utf8_text(struct buf *buf, const char *text);

/*
 * Whether a character controls a terminal (C0, DEL, C1), changes the order in which text is shown
 * (the bidirectional controls of Unicode's UAX #9) or ends a line (U+2028, U+2029). character:
 * length bytes, of utf8_next().
 */
bool utf8_steers(const char *character, size_t length);

#endif
