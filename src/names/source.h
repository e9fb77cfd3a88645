/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sources of names: kinds of files, each with a parser. names/names.h says how to add one. */
#ifndef MZ_NAMES_SOURCE_H
#define MZ_NAMES_SOURCE_H

#include "names/parser.h"

#define NAMES_FILES 8 /* that one source is given at most */

/* In the order of precedence: where two sources know a host, the first one names it. */
enum names_source { NAMES_UCI, NAMES_LEASES, NAMES_ETHERS, NAMES_HOSTS, NAMES_SOURCES };

struct names_source_kind {
	char name[8]; /* in metrics and JSON */
	source_parser *parse;
};

extern const struct names_source_kind names_source_kinds[NAMES_SOURCES];

#endif
