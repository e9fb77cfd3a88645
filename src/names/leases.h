/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser of files in which DHCP servers keep their leases. It recognizes the format:
 *   the beginning of the file: Kea (kea.h), ISC dhcpd (dhcpd.h); each has X_is() and X_parse()
 *   else the beginning of each line:
 *     EXPIRY MAC ADDRESS NAME|* CLIENT-ID   dnsmasq, IPv4
 *     EXPIRY IAID ADDRESS NAME|* DUID       dnsmasq, IPv6
 *     duid SERVER-DUID                      dnsmasq
 *     a word with a comma in it             dnsmasq's dhcp-hostsfile: dhcp_hosts.h
 *     #                                     odhcpd: odhcpd.h
 *
 * A DUID often contains a MAC, which may belong to another interface of the machine. So such a
 * lease names that MAC and the lease's addresses each for themselves.
 *
 * To add a format: add X_is() and X_parse(), or X_line(), to names/X.c, and a call to leases.c.
 */
#ifndef MZ_NAMES_LEASES_H
#define MZ_NAMES_LEASES_H

#include "names/parser.h"

source_parser leases_parse;

#endif
