/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names in the sections of UCI's dhcp package (`config host`, `config domain`), and the lease
 * files that `config dnsmasq` and `config odhcpd` name. Both readers use it: libuci.h and reader.h.
 */
#ifndef MZ_NAMES_UCI_UCI_NAMES_H
#define MZ_NAMES_UCI_UCI_NAMES_H

#include <stdbool.h>

#include "names/parser.h"

/* The type of a section, and per option its first value that is not empty; NULL: none. */
struct uci_names {
	const char *type, *name, *ip, *duid, *leasefile;
};

/* Returns the field for an option of that key, or NULL. "mac" has none, as all its values count. */
const char **uci_names_field(struct uci_names *section, const char *key);

/* Whether an option of that key matters, so that readers need not keep the others. */
bool uci_names_is_key(const char *key);

/*
 * Add the names of one section. Readers go through all sections once per pass, from 0: the first
 * name of a key stays, so that the MACs and addresses of hosts (pass 0) rank before MACs in DUIDs
 * and `config domain` (pass 1). In pass 0, call uci_names_add_macs() first, for each value of
 * `mac`. Return 0 or -ENOMEM.
 */
#define UCI_NAMES_PASSES 2
int uci_names_add_macs(struct name_table *table, const struct uci_names *section, const char *macs);
int uci_names_add(struct name_table *table, const struct uci_names *section, int pass);

#endif
