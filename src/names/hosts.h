/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser of hosts files (hosts(5)): an address and its names per line. The first name counts.
 */
#ifndef MZ_NAMES_HOSTS_H
#define MZ_NAMES_HOSTS_H

#include "names/parser.h"

source_parser hosts_parse;

#endif
