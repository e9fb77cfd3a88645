/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Escapes text for the formats of the outputs. Such text may be anything: clients choose their host
 * names.
 */
#ifndef MZ_BASE_ESCAPE_H
#define MZ_BASE_ESCAPE_H

#include "base/buf.h"

/*
 * Appends a Prometheus label value, without quotes: escapes backslash, double quote and newline.
 * Bytes that are not UTF-8 become U+FFFD, as a scraper refuses a page with such bytes.
 */
void escape_label(struct buf *buf, const char *text);

/*
 * Appends a JSON string, with its quotes (RFC 8259, 7). Besides what JSON demands, it escapes '<',
 * which could end the script element of a web page that embeds the text, and characters of which
 * utf8_steers() is true, as users print JSON to terminals. Bytes that are not UTF-8 become U+FFFD.
 */
void escape_json(struct buf *buf, const char *text);

#endif
