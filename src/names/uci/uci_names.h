/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a section of UCI's dhcp package says about names, whoever has read it. */
#ifndef MZ_NAMES_UCI_UCI_NAMES_H
#define MZ_NAMES_UCI_UCI_NAMES_H

#include <stdbool.h>

#include "names/name_table_add.h"

/* Of a section: its type, and the first values that are not empty; NULL where there is none. */
struct uci_names {
	const char *type, *name, *ip, *duid, *leasefile;
};

/* The field for an option of that key, or NULL. "mac" has none: all its values count. */
const char **uci_names_field(struct uci_names *section, const char *key);

/* Whether any of it matters, so that other options need not be kept. */
bool uci_names_is_key(const char *key);

/*
 * What one section adds to table. Readers go through all sections as often as there are passes,
 * since the first name stays: a host's own MAC and address count for more than a MAC in a DUID or a
 * `config domain`. With the first pass, uci_names_add_macs() is due before for each value of `mac`.
 * Return 0 or -ENOMEM.
 */
#define UCI_NAMES_PASSES 2
int uci_names_add_macs(struct name_table *table, const struct uci_names *section, const char *macs);
int uci_names_add(struct name_table *table, const struct uci_names *section, int pass);

#endif
