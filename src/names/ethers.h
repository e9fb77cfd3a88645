/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser of /etc/ethers (ethers(5)): a MAC and a name per line. */
#ifndef MZ_NAMES_ETHERS_H
#define MZ_NAMES_ETHERS_H

#include "names/parser.h"

/* Passes over a line with an address instead of a name, which only dnsmasq reads. */
source_parser ethers_parse;

#endif
