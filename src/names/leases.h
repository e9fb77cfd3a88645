/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of what DHCP servers note about their leases. What Kea and ISC dhcpd write (kea.h,
 * dhcpd.h) is told by how the file begins. In other files, each line tells by itself whether it is
 * of dnsmasq's lease file, of its dhcp-hostsfile or of odhcpd's state file.
 *
 * dnsmasq: EXPIRY MAC ADDRESS NAME|* CLIENT-ID
 *          EXPIRY IAID ADDRESS NAME|* DUID
 *          duid SERVER-DUID
 *          and see dhcp_hosts.h
 * odhcpd:  see odhcpd.h
 *
 * A DUID often has a MAC in it, which may be of another of the machine's interfaces: such a lease
 * names both that MAC and its addresses.
 */
#ifndef MZ_NAMES_LEASES_H
#define MZ_NAMES_LEASES_H

#include "names/source_file.h"

source_parser leases_parse;

#endif
