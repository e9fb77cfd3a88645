// SPDX-License-Identifier: GPL-2.0-or-later
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ethers.h"
#include "hosts.h"
#include "leases.h"
#include "names_ended.h"
#include "names_file.h"
#include "uci_hosts.h"
#include "uci_library.h"

/* Where libuci keeps what was set and not yet committed, and of which files. */
#define UCI_CONFIG  "/etc/config/"
#define UCI_CHANGES "/tmp/.uci/"

struct source {
	struct names_file file[NAMES_FILES];
	size_t files;
};

struct names {
	struct source source[NAMES_SOURCES];
	struct names_ended ended; /* of leases */
	struct hash_seed seed;
	uint32_t version;
};

/*
 * The library's word counts where there is one. What is wrong in a line, and in which, our own
 * reader tells better.
 */
static int parse_uci(
	const struct names_text *text, struct names_list *list, unsigned *line, const char **why)
{
	const char *slash = strrchr(text->path, '/');
	const struct uci_input input = {text->text, text->length, text->changes,
		text->changes_length, slash ? slash + 1 : text->path};
	int error = uci_library_hosts(text->path, text->changes_path, list);
	struct names_list unused = {0};

	if (error == -ENOSYS)
		return uci_hosts(&input, list, line, why);
	if (error == -EINVAL) {
		if (uci_hosts(&input, &unused, line, why) != -EINVAL)
			*why = "libuci cannot read it";
		names_list_free(&unused);
	}
	return error;
}

static const struct {
	char text[8];
	names_parser *parse;
} kinds[NAMES_SOURCES] = {
	[NAMES_UCI] = {"uci", parse_uci},
	[NAMES_LEASES] = {"leases", leases_parse},
	[NAMES_ETHERS] = {"ethers", ethers_parse},
	[NAMES_HOSTS] = {"hosts", hosts_parse},
};

/* What a list knows of a key; entry: NULL where it knows nothing. */
struct found {
	const struct names_list *list;
	const struct names_entry *entry;
};

static const char *text_of(const struct found *found)
{
	return found->entry ? names_list_text(found->list, found->entry) : NULL;
}

static bool is_mac(const uint8_t mac[6], const uint8_t other[6])
{
	static const uint8_t none[6];

	return memcmp(mac, other, 6) == 0 && memcmp(mac, none, 6) != 0;
}

/* In the files only, not among leases that ended. */
static struct found find_in(const struct source *source, const struct names_key *key)
{
	struct found found = {0};

	for (size_t i = 0; i < source->files && !found.entry; i++) {
		found.list = &source->file[i].list;
		found.entry = names_list_entry(found.list, key);
	}
	return found;
}

static struct found find_ended(const struct names *names, const struct names_key *key)
{
	struct found found;

	found.entry = names_ended_find(&names->ended, key, &found.list);
	return found;
}

static bool lasts(const void *context, const struct names_entry *entry)
{
	const struct source *leases = context;
	bool found = false;

	for (size_t i = 0; i < leases->files && !found; i++) {
		const struct names_entry *there =
			names_list_entry(&leases->file[i].list, &entry->key);

		found = there && memcmp(there->holder, entry->holder, sizeof(entry->holder)) == 0;
	}
	return found;
}

static void renew_version(struct names *names)
{
	if (++names->version == 0)
		names->version++;
}

uint32_t names_version(const struct names *names)
{
	return names->version;
}

bool names_refresh(struct names *names)
{
	bool changed = false;

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].files; k++) {
			struct names_list old;

			if (!names_file_refresh(&names->source[i].file[k], kinds[i].parse, &old))
				continue;
			changed = true;
			renew_version(names);
			if (i == NAMES_LEASES)
				names_ended_keep(&names->ended, &old, lasts, &names->source[i]);
			names_list_free(&old);
		}
	return changed;
}

bool names_stale(const struct names *names)
{
	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].files; k++)
			if (names_file_stale(&names->source[i].file[k]))
				return true;
	return false;
}

struct names *names_create(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	hash_seed_draw(&names->seed);
	renew_version(names);
	names_ended_start(&names->ended, &names->seed);
	return names;
}

void names_destroy(struct names *names)
{
	if (!names)
		return;
	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].files; k++)
			names_file_close(&names->source[i].file[k]);
	names_ended_finish(&names->ended);
	free(names);
}

/* The path of what was not committed yet of a UCI file; NULL where there is no such thing. */
static const char *find_changes(const char *path, char changes[64])
{
	size_t prefix = strlen(UCI_CONFIG);

	if (strncmp(path, UCI_CONFIG, prefix) != 0 || strchr(path + prefix, '/') ||
		snprintf(changes, 64, UCI_CHANGES "%s", path + prefix) >= 64)
		return NULL;
	return changes;
}

int names_follow(struct names *names, enum names_source source, const char *path)
{
	struct source *to = &names->source[source];
	struct names_file *file = &to->file[to->files];
	char changes[64];
	int error;

	if (to->files == NAMES_FILES)
		return -E2BIG;
	file->list = (struct names_list){.seed = names->seed};
	error = names_file_open(
		file, path, source == NAMES_UCI ? find_changes(path, changes) : NULL);
	to->files += !error;
	return error;
}

const char *names_path(const struct names *names, size_t i)
{
	for (unsigned s = 0; s < NAMES_SOURCES; s++) {
		for (size_t k = 0; k < names->source[s].files; k++) {
			const struct names_file *file = &names->source[s].file[k];

			if (i-- == 0)
				return file->path;
			if (file->changes && i-- == 0)
				return file->changes;
		}
	}
	return NULL;
}

static struct found find_mac(
	const struct names *names, enum names_source source, const struct names_key *key)
{
	struct found found = find_in(&names->source[source], key);

	return found.entry || source != NAMES_LEASES ? found : find_ended(names, key);
}

bool names_shared(const struct names *names, const uint8_t mac[6])
{
	struct names_key key = names_key_mac(mac);

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		struct found found = find_in(&names->source[i], &key);

		if (found.entry && found.entry->shared)
			return true;
	}
	return false;
}

const char *names_find(const struct names *names, const uint8_t mac[6], enum names_source *source)
{
	struct names_key key = names_key_mac(mac);
	const char *name = NULL;

	for (unsigned i = 0; i < NAMES_SOURCES && !name; i++) {
		struct found found = find_mac(names, i, &key);

		name = text_of(&found);
		*source = (enum names_source)i;
	}
	return name && !names_shared(names, mac) ? name : NULL;
}

void names_claim(
	struct names *names, int family, const void *addr, const uint8_t mac[6], uint32_t time_s)
{
	struct names_key key = names_key_address(family, addr);

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].files; k++)
			if (names_list_claim(&names->source[i].file[k].list, &key, mac, time_s))
				renew_version(names);
}

/*
 * What a source knows of an address of that MAC. A lease that another machine took over is still
 * that of the one before, for what that one used; and it goes before those who only used it.
 */
static struct found find_address(const struct names *names, enum names_source source,
	const struct names_key *key, const uint8_t mac[6])
{
	struct found used = {0}, found;

	for (size_t i = 0; i < names->source[source].files; i++) {
		found.list = &names->source[source].file[i].list;
		found.entry = names_list_entry(found.list, key);
		if (found.entry && is_mac(found.entry->holder, mac))
			return found;
		if (found.entry && !used.entry && memcmp(found.entry->user, mac, 6) == 0)
			used = found;
	}
	if (source != NAMES_LEASES)
		return used;
	found = find_ended(names, key);
	if (found.entry && (is_mac(found.entry->holder, mac) ||
				   (!used.entry && is_mac(found.entry->user, mac))))
		return found;
	return used;
}

/* Whether one of the sources calls a MAC so. */
static bool is_called(const struct names *names, const uint8_t mac[6], const char *name)
{
	struct names_key key = names_key_mac(mac);

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		struct found found = find_mac(names, i, &key);

		if (found.entry && names_agree(text_of(&found), name))
			return true;
	}
	return false;
}

static enum names_relation relate(
	const struct names *names, const struct found *found, const uint8_t mac[6])
{
	static const uint8_t none[6];

	if (is_mac(found->entry->holder, mac))
		return found->entry->shared || names_shared(names, mac) ? NAMES_APART
									: NAMES_OF_MAC;
	if (is_called(names, mac, text_of(found)))
		return NAMES_OF_MAC;
	return memcmp(found->entry->holder, none, sizeof(none)) != 0 ? NAMES_OTHERS : NAMES_FREE;
}

struct names_own names_find_address(
	const struct names *names, int family, const void *addr, const uint8_t mac[6])
{
	struct names_key key = names_key_address(family, addr);

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		struct found found = find_address(names, i, &key, mac);

		if (found.entry)
			return (struct names_own){
				text_of(&found), (enum names_source)i, relate(names, &found, mac)};
	}
	return (struct names_own){0};
}

size_t names_count(const struct names *names, enum names_source source)
{
	const struct source *from = &names->source[source];
	size_t count = 0;

	for (size_t i = 0; i < from->files; i++)
		count += from->file[i].list.told;
	return count;
}

const char *names_source_text(enum names_source source)
{
	return kinds[source].text;
}
