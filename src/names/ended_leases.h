/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of the latest leases that ended. A host that leaves keeps its name, so its metrics do
 * not move to another series.
 */
#ifndef MZ_NAMES_ENDED_LEASES_H
#define MZ_NAMES_ENDED_LEASES_H

#include "names/name_table.h"

struct ended_leases {
	struct name_table
		table[2]; /* the second one is older: when the first is full, it is freed */
};

void ended_leases_start(struct ended_leases *ended, const struct hash_seed *seed);
void ended_leases_finish(struct ended_leases *ended);

/*
 * Keeps the entries of old that are no longer leases: those for which lasts() is false. Where
 * memory is short it forgets everything, since an older name of a key would be wrong.
 */
void ended_leases_keep(struct ended_leases *ended, const struct name_table *old,
	bool (*lasts)(const void *context, const struct name_entry *entry), const void *context);

/*
 * Returns the latest entry of a key, and sets *table to the one that has it; or returns NULL. Its
 * shared is true where the MAC was shared at any time.
 */
const struct name_entry *ended_leases_find(const struct ended_leases *ended,
	const struct name_key *key, const struct name_table **table);

#endif
