/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of /etc/hosts, hosts(5): an address and its names a line. The first one counts. */
#ifndef MZ_NAMES_HOSTS_H
#define MZ_NAMES_HOSTS_H

#include "names/source_file.h"

source_parser hosts_parse;

#endif
