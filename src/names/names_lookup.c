// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "names/name.h"
#include "names/names.h"
#include "names/names_private.h"

/* The entry of a key, and its table; entry: NULL where no table has one. */
struct found {
	const struct name_table *table;
	const struct name_entry *entry;
};

static const char *text_of(const struct found *found)
{
	return found->entry ? name_table_text(found->table, found->entry) : NULL;
}

static bool is_mac(const uint8_t mac[6], const uint8_t other[6])
{
	static const uint8_t none[6];

	return memcmp(mac, other, 6) == 0 && memcmp(mac, none, 6) != 0;
}

/* Looks in the files only, not among leases that ended. */
static struct found find_in(const struct source_files *source, const struct name_key *key)
{
	struct found found = {0};

	for (size_t i = 0; i < source->file_count && !found.entry; i++) {
		found.table = &source->file[i].table;
		found.entry = name_table_entry(found.table, key);
	}
	return found;
}

static struct found find_ended(const struct names *names, const struct name_key *key)
{
	struct found found;

	found.entry = ended_leases_find(&names->ended, key, &found.table);
	return found;
}

static struct found find_mac(
	const struct names *names, enum names_source source, const struct name_key *key)
{
	struct found found = find_in(&names->source[source], key);

	return found.entry || source != NAMES_LEASES ? found : find_ended(names, key);
}

bool names_is_shared(const struct names *names, const uint8_t mac[6])
{
	struct name_key key = name_key_mac(mac);
	struct found ended;

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		struct found found = find_in(&names->source[i], &key);

		if (found.entry && found.entry->shared)
			return true;
	}
	/* the sum of the MAC still contains the traffic of hosts that left */
	ended = find_ended(names, &key);
	return ended.entry && ended.entry->shared;
}

const char *names_find_mac(
	const struct names *names, const uint8_t mac[6], enum names_source *source)
{
	struct name_key key = name_key_mac(mac);
	const char *name = NULL;

	for (unsigned i = 0; i < NAMES_SOURCES && !name; i++) {
		struct found found = find_mac(names, i, &key);

		name = text_of(&found);
		*source = (enum names_source)i;
	}
	return name && !names_is_shared(names, mac) ? name : NULL;
}

/* Finds an address that mac holds by one of the files, or else one that it used last. */
static struct found find_used(const struct source_files *source, const struct name_key *key,
	const uint8_t mac[6], bool domain)
{
	struct found used = {0}, found;

	for (size_t i = 0; i < source->file_count; i++) {
		found.table = &source->file[i].table;
		found.entry = name_table_entry(found.table, key);
		if (!found.entry || found.entry->domain != domain)
			continue;
		if (is_mac(found.entry->holder, mac))
			return found;
		if (!used.entry && memcmp(found.entry->last_user, mac, 6) == 0)
			used = found;
	}
	return used;
}

/*
 * Finds the name of an address of mac in one source. An ended lease still names the address for its
 * holder, also where another machine holds the address now. A lease of mac, ended or not, precedes
 * a mere use.
 */
static struct found find_address(const struct names *names, enum names_source source,
	const struct name_key *key, const uint8_t mac[6])
{
	struct found used = {0}, ended;

	if (source == NAMES_HOSTS)
		used = find_used(&names->source[NAMES_UCI], key, mac, true);
	if (!used.entry)
		used = find_used(&names->source[source], key, mac, false);
	if (source != NAMES_LEASES || (used.entry && is_mac(used.entry->holder, mac)))
		return used;
	ended = find_ended(names, key);
	if (ended.entry && (is_mac(ended.entry->holder, mac) ||
				   (!used.entry && is_mac(ended.entry->last_user, mac))))
		return ended;
	return used;
}

/* Whether one of the sources gives a MAC that name. */
static bool is_called(const struct names *names, const uint8_t mac[6], const char *name)
{
	struct name_key key = name_key_mac(mac);

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		struct found found = find_mac(names, i, &key);

		if (found.entry && name_agrees(text_of(&found), name))
			return true;
	}
	return false;
}

static enum names_relation relate(
	const struct names *names, const struct found *found, const uint8_t mac[6])
{
	static const uint8_t none[6];

	if (is_mac(found->entry->holder, mac))
		return found->entry->shared || names_is_shared(names, mac) ? NAMES_ONE_OF_SEVERAL
									   : NAMES_SAME_AS_MAC;
	if (is_called(names, mac, text_of(found)))
		return NAMES_SAME_AS_MAC;
	return memcmp(found->entry->holder, none, sizeof(none)) != 0 ? NAMES_HELD_BY_OTHER
								     : NAMES_HELD_BY_NONE;
}

struct names_address_name names_find_address(
	const struct names *names, int family, const void *addr, const uint8_t mac[6])
{
	struct name_key key = name_key_address(family, addr);

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		struct found found = find_address(names, i, &key, mac);

		if (found.entry)
			return (struct names_address_name){
				text_of(&found), (enum names_source)i, relate(names, &found, mac)};
	}
	return (struct names_address_name){0};
}
