/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of leases that ended, the latest: so that a host that leaves does not become another
 * series, nor one without a name.
 */
#ifndef MZ_NAMES_ENDED_LEASES_H
#define MZ_NAMES_ENDED_LEASES_H

#include "names/name_table.h"

struct names_ended {
	struct names_list list[2]; /* the second is older */
};

void names_ended_start(struct names_ended *ended, const struct hash_seed *seed);
void names_ended_finish(struct names_ended *ended);

/*
 * Takes over what old has and lasts() does not find in the leases that are there. Where memory runs
 * out all is forgotten, as an older name would be wrong.
 */
void names_ended_keep(struct names_ended *ended, const struct names_list *old,
	bool (*lasts)(const void *context, const struct names_entry *entry), const void *context);

/* The latest entry of a key, and the list it is in; or NULL. shared: it was so at some time. */
const struct names_entry *names_ended_find(const struct names_ended *ended,
	const struct names_key *key, const struct names_list **list);

#endif
