/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from strangers, such as the names that hosts chose, as the formats of the outputs want it.
 */
#ifndef MZ_BASE_ESCAPE_H
#define MZ_BASE_ESCAPE_H

#include "base/buf.h"

/*
 * A Prometheus label value: backslash, double quote and newline escaped; what is not UTF-8 becomes
 * U+FFFD, so that no client's name makes a page unreadable.
 */
void escape_label(struct buf *buf, const char *text);

/*
 * A JSON string, with its quotes. Escaped is what JSON wants, and '<', so that no name ends a
 * script of a page that has the text in it, and what utf8_steers(), as people have JSON on their
 * terminals, too; what is not UTF-8 becomes U+FFFD.
 */
void escape_json(struct buf *buf, const char *text);

#endif
