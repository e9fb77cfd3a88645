/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser of ISC dhcpd's lease file (dhcpd.leases(5)). dhcpd appends leases: the last one of an
 * address counts. Its IPv6 leases do not contain the names of clients.
 */
#ifndef MZ_NAMES_DHCPD_H
#define MZ_NAMES_DHCPD_H

#include <stdbool.h>

#include "names/parser.h"

/* Whether the first line that is not a comment is a statement of such a file. */
bool dhcpd_is(const struct source_text *text);

source_parser dhcpd_parse;

#endif
