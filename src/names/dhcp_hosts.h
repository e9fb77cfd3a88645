/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of dnsmasq's dhcp-hostsfile (dnsmasq(8)). A line has parts with commas between, in any
 * order: MACs, an IPv4 address, IPv6 addresses in brackets, a name, and parts that name no host
 * (tags, client identifiers, lease times).
 */
#ifndef MZ_NAMES_DHCP_HOSTS_H
#define MZ_NAMES_DHCP_HOSTS_H

#include "names/lines.h"

/* Whether a line is of this format. word: its first word. */
bool dhcp_hosts_is(const struct word *word);

/* Adds the names of a line. Passes over MACs with wildcards. Returns 0 or -ENOMEM. */
int dhcp_hosts_line(struct lines *lines, const struct word *first, struct name_table *table);

#endif
