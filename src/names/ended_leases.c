// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/ended_leases.h"

#include <string.h>

/* MACs and addresses per table: the latest 4,096 leases are kept at least. */
#define ENDED_NAMES 8192
#define ENDED_BYTES (256 << 10)

void ended_leases_start(struct ended_leases *ended, const struct hash_seed *seed)
{
	for (int i = 0; i < 2; i++)
		ended->table[i] = (struct name_table){.seed = *seed};
}

void ended_leases_finish(struct ended_leases *ended)
{
	for (int i = 0; i < 2; i++)
		name_table_free(&ended->table[i]);
}

const struct name_entry *ended_leases_find(const struct ended_leases *ended,
	const struct name_key *key, const struct name_table **table)
{
	const struct name_entry *entry = NULL;

	for (int i = 0; i < 2 && !entry; i++) {
		*table = &ended->table[i];
		entry = name_table_entry(*table, key);
	}
	return entry;
}

static bool was_shared(
	const struct ended_leases *ended, const struct name_table *old, const struct name_key *mac)
{
	const struct name_entry *entry = name_table_entry(old, mac);

	if (entry && entry->shared)
		return true;
	entry = ended_leases_find(ended, mac, &old);
	return entry && entry->shared;
}

static bool keep(struct ended_leases *ended, const struct name_table *old,
	const struct name_entry *entry, bool shared)
{
	struct name_table *table = ended->table;
	struct name_entry *kept;

	if (table[0].count >= ENDED_NAMES || table[0].used >= ENDED_BYTES) {
		name_table_free(&table[1]);
		table[1] = table[0];
		table[0] = (struct name_table){.seed = table[1].seed};
	}
	kept = name_table_put(&table[0], &entry->key, name_table_text(old, entry));
	if (!kept)
		return false;
	memcpy(kept->last_user, entry->last_user, sizeof(kept->last_user));
	memcpy(kept->holder, entry->holder, sizeof(kept->holder));
	kept->shared = shared;
	return true;
}

void ended_leases_keep(struct ended_leases *ended, const struct name_table *old,
	bool (*lasts)(const void *context, const struct name_entry *entry), const void *context)
{
	const struct hash_seed seed = ended->table[0].seed;

	for (size_t i = 0; old->slots && i < (size_t)1 << old->bits; i++) {
		const struct name_entry *entry = &old->slots[i];
		const struct name_key of_mac = name_key_mac(entry->holder);
		bool shared = was_shared(
			ended, old, name_key_is_mac(&entry->key) ? &entry->key : &of_mac);

		/* A shared MAC is kept while it still has leases: it stays shared when they end. */
		if (!entry->name || (!entry->shared && lasts(context, entry)))
			continue;
		if (!keep(ended, old, entry, shared)) {
			ended_leases_finish(ended);
			ended_leases_start(ended, &seed);
			return;
		}
	}
}
