/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of ISC dhcpd's lease file, dhcpd.leases(5), of IPv4. Leases are appended: the last one
 * of an address counts. In IPv6, it does not note what clients call themselves.
 */
#ifndef MZ_NAMES_DHCPD_H
#define MZ_NAMES_DHCPD_H

#include "names/source_file.h"

/* Whether the first line that is no comment is one of such a file. */
bool dhcpd_is(const struct source_text *text);

source_parser dhcpd_parse;

#endif
