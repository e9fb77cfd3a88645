/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of dnsmasq's dhcp-hostsfile, of lines of parts with commas between, in any order:
 * MACs, an IPv4 address, an IPv6 one in brackets, a name, and what names nobody.
 */
#ifndef MZ_NAMES_DHCP_HOSTS_H
#define MZ_NAMES_DHCP_HOSTS_H

#include "names/lines.h"

/* Whether a line is one, by its first word. */
bool dhcp_hosts_is(const struct word *word);

/* Adds what a line names. MACs with wildcards are passed over. Returns 0 or -ENOMEM. */
int dhcp_hosts_line(struct lines *lines, const struct word *first, struct name_table *table);

#endif
