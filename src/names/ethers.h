/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of /etc/ethers, ethers(5): a MAC and a name a line. */
#ifndef MZ_NAMES_ETHERS_H
#define MZ_NAMES_ETHERS_H

#include "names/source_file.h"

/* A line with an address in the place of the name, which dnsmasq reads, names nobody. */
source_parser ethers_parse;

#endif
