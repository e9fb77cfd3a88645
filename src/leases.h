/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of what DHCP servers note about their leases: dnsmasq's lease file and odhcpd's state
 * file. Each line tells by itself which it is.
 *
 * dnsmasq: EXPIRY MAC ADDRESS NAME|* CLIENT-ID
 *          EXPIRY IAID ADDRESS NAME|* DUID
 *          duid SERVER-DUID
 * odhcpd:  see odhcpd.h
 *
 * A DUID often has a MAC in it, which may be of another of the machine's interfaces: such a lease
 * names both that MAC and its addresses.
 */
#ifndef MZ_LEASES_H
#define MZ_LEASES_H

#include "names_file.h"

names_parser leases_parse;

#endif
