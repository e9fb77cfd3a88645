/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of odhcpd's state file (option leasefile), of its lines that begin with '#':
 *
 * # INTERFACE DUID IAID NAME|- EXPIRY ID LENGTH [ADDRESS/LENGTH ...]
 * # INTERFACE MAC ipv4 NAME|- EXPIRY ADDRESS-IN-HEX 32 ADDRESS/32
 *
 * DUID has no colons; MAC has colons, but not in older versions. Before a name that is not a valid
 * host name, odhcpd writes "broken\x20"; newer versions write its invalid bytes as \xNN.
 */
#ifndef MZ_NAMES_ODHCPD_H
#define MZ_NAMES_ODHCPD_H

#include "names/lines.h"

/*
 * Adds the names of such a line, whose '#' has been read. by_duid: only of lines with a DUID;
 * false: only of lines with a MAC. Returns 0 or -ENOMEM.
 */
int odhcpd_line(struct lines *lines, bool by_duid, struct name_table *table);

#endif
