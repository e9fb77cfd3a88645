/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of odhcpd's state file (option leasefile), of its lines that begin with a '#':
 *
 * # INTERFACE DUID IAID NAME|- EXPIRY ID LENGTH [ADDRESS/LENGTH ...]
 * # INTERFACE MAC ipv4 NAME|- EXPIRY ADDRESS-IN-HEX 32 ADDRESS/32
 *
 * DUID is without colons, MAC with them or (older versions) without. A name that is not to its
 * liking comes as "broken\x20" and the name; newer versions write \xNN for what is odd in it.
 */
#ifndef MZ_NAMES_ODHCPD_H
#define MZ_NAMES_ODHCPD_H

#include "names/lines.h"

/*
 * Adds to table what the rest of such a line names, of those with a DUID or of those with a MAC.
 * Returns 0 or -ENOMEM.
 */
int odhcpd_line(struct lines *lines, bool by_duid, struct name_table *table);

#endif
