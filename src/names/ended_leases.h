/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of leases that ended, the latest: so that a host that leaves does not become another
 * series, nor one without a name.
 */
#ifndef MZ_NAMES_ENDED_LEASES_H
#define MZ_NAMES_ENDED_LEASES_H

#include "names/name_table.h"

struct ended_leases {
	struct name_table table[2]; /* the second is older */
};

void ended_leases_start(struct ended_leases *ended, const struct hash_seed *seed);
void ended_leases_finish(struct ended_leases *ended);

/*
 * Takes over what old has and lasts() does not find in the leases that are there. Where memory runs
 * out all is forgotten, as an older name would be wrong.
 */
void ended_leases_keep(struct ended_leases *ended, const struct name_table *old,
	bool (*lasts)(const void *context, const struct name_entry *entry), const void *context);

/* The latest entry of a key, and the table it is in; or NULL. shared: it was so at some time. */
const struct name_entry *ended_leases_find(const struct ended_leases *ended,
	const struct name_key *key, const struct name_table **table);

#endif
