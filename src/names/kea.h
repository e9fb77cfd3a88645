/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser of Kea's lease files (memfile), IPv4 and IPv6: a CSV table whose first line names the
 * columns. Kea appends lines: the last one of an address counts.
 */
#ifndef MZ_NAMES_KEA_H
#define MZ_NAMES_KEA_H

#include <stdbool.h>

#include "names/parser.h"

/* Whether the text begins with "address,", the first column. */
bool kea_is(const struct source_text *text);

source_parser kea_parse;

#endif
