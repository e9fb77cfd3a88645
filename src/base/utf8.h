/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that may be broken UTF-8 (RFC 3629), character by character. */
#ifndef MZ_BASE_UTF8_H
#define MZ_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * The next character of a text, U+FFFD for a byte that belongs to none; *text moves behind it.
 * length: set to its bytes. The text must not be at its end.
 */
const char *utf8_next(const char **text, size_t *length);

/* Appends the next character as utf8_next() has it. Returns what follows it in text. */
const char *utf8_put(struct buf *buf, const char *text);

/* Appends all of a text. */
void utf8_text(struct buf *buf, const char *text);

/*
 * Whether a character would steer a terminal (C0, DEL, C1) or change the order in which text reads
 * (the bidirectional controls of Unicode's UAX #9, and U+2028 and U+2029, which end lines).
 */
bool utf8_steers(const char *character, size_t length);

#endif
