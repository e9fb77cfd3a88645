/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of Kea's lease files (memfile), IPv4 and IPv6: a CSV table whose first line names the
 * columns. Lines are appended: the last one of an address counts.
 */
#ifndef MZ_NAMES_KEA_H
#define MZ_NAMES_KEA_H

#include "names/source_file.h"

/* Whether the text begins as such a file does. */
bool kea_is(const struct source_text *text);

source_parser kea_parse;

#endif
