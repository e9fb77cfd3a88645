// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/ended_leases.h"

#include <string.h>

/* MACs and addresses that are remembered, twice: those of about 4,096 leases are, the latest. */
#define ENDED_NAMES 8192
#define ENDED_BYTES (256 << 10)

void names_ended_start(struct names_ended *ended, const struct hash_seed *seed)
{
	for (int i = 0; i < 2; i++)
		ended->list[i] = (struct names_list){.seed = *seed};
}

void names_ended_finish(struct names_ended *ended)
{
	for (int i = 0; i < 2; i++)
		names_list_free(&ended->list[i]);
}

const struct names_entry *names_ended_find(const struct names_ended *ended,
	const struct names_key *key, const struct names_list **list)
{
	const struct names_entry *entry = NULL;

	for (int i = 0; i < 2 && !entry; i++) {
		*list = &ended->list[i];
		entry = names_list_entry(*list, key);
	}
	return entry;
}

static bool was_shared(
	const struct names_ended *ended, const struct names_list *old, const struct names_key *mac)
{
	const struct names_entry *entry = names_list_entry(old, mac);

	if (entry && entry->shared)
		return true;
	entry = names_ended_find(ended, mac, &old);
	return entry && entry->shared;
}

static bool keep(struct names_ended *ended, const struct names_list *old,
	const struct names_entry *entry, bool shared)
{
	struct names_list *list = ended->list;
	struct names_entry *kept;

	if (list[0].count >= ENDED_NAMES || list[0].used >= ENDED_BYTES) {
		names_list_free(&list[1]);
		list[1] = list[0];
		list[0] = (struct names_list){.seed = list[1].seed};
	}
	kept = names_list_put(&list[0], &entry->key, names_list_text(old, entry));
	if (!kept)
		return false;
	memcpy(kept->user, entry->user, sizeof(kept->user));
	memcpy(kept->holder, entry->holder, sizeof(kept->holder));
	kept->shared = shared;
	return true;
}

void names_ended_keep(struct names_ended *ended, const struct names_list *old,
	bool (*lasts)(const void *context, const struct names_entry *entry), const void *context)
{
	const struct hash_seed seed = ended->list[0].seed;

	for (size_t i = 0; old->slots && i < (size_t)1 << old->bits; i++) {
		const struct names_entry *entry = &old->slots[i];
		const struct names_key of_mac = names_key_mac(entry->holder);
		bool shared = was_shared(
			ended, old, names_key_is_mac(&entry->key) ? &entry->key : &of_mac);

		/* That hosts share a MAC is remembered before the last of them leaves. */
		if (!entry->name || (!entry->shared && lasts(context, entry)))
			continue;
		if (!keep(ended, old, entry, shared)) {
			names_ended_finish(ended);
			names_ended_start(ended, &seed);
			return;
		}
	}
}
