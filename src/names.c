// SPDX-License-Identifier: GPL-2.0-or-later
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ethers.h"
#include "hosts.h"
#include "leases.h"
#include "names_file.h"
#include "uci_hosts.h"
#include "uci_library.h"

/* Where libuci keeps what was set and not yet committed, and of which files. */
#define UCI_CONFIG  "/etc/config/"
#define UCI_CHANGES "/tmp/.uci/"

/* Names of leases that ended: about as many as this are remembered, the latest. */
#define ENDED_NAMES 4096
#define ENDED_BYTES (256 << 10)

struct source {
	struct names_file file[NAMES_FILES];
	size_t files;
};

struct names {
	struct source source[NAMES_SOURCES];
	struct names_list ended[2]; /* of leases; the second is older */
	struct hash_seed seed;
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

static struct names_list empty_list(const struct names *names)
{
	return (struct names_list){.seed = names->seed};
}

static const char *find_in(const struct source *source, const struct names_key *key)
{
	const char *name = NULL;

	for (size_t i = 0; i < source->files && !name; i++)
		name = names_list_find(&source->file[i].list, key);
	return name;
}

static bool has_no_lease(void *context, const struct names_key *key)
{
	const struct names *names = context;

	return !find_in(&names->source[NAMES_LEASES], key);
}

/* So that a host that leaves does not become another series, nor one without a name. */
static void remember(struct names *names, const struct names_list *old)
{
	struct names_list *ended = names->ended;

	names_list_keep(&ended[0], old, ENDED_NAMES, has_no_lease, names);
	if (ended[0].count < ENDED_NAMES && ended[0].used < ENDED_BYTES)
		return;
	names_list_free(&ended[1]);
	ended[1] = ended[0];
	ended[0] = empty_list(names);
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
			if (i == NAMES_LEASES)
				remember(names, &old);
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
	names->ended[0] = names->ended[1] = empty_list(names);
	return names;
}

void names_destroy(struct names *names)
{
	if (!names)
		return;
	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].files; k++)
			names_file_close(&names->source[i].file[k]);
	names_list_free(&names->ended[0]);
	names_list_free(&names->ended[1]);
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
	file->list = empty_list(names);
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

const char *names_find(const struct names *names, const uint8_t mac[6], enum names_source *source)
{
	struct names_key key = names_key_mac(mac);
	const char *name = NULL;
	unsigned i;

	for (i = 0; i < NAMES_SOURCES; i++) {
		name = find_in(&names->source[i], &key);
		if (!name && i == NAMES_LEASES)
			name = names_list_find(&names->ended[0], &key);
		if (!name && i == NAMES_LEASES)
			name = names_list_find(&names->ended[1], &key);
		if (name)
			break;
	}
	*source = (enum names_source)i;
	return name;
}

void names_claim(
	struct names *names, int family, const void *addr, const uint8_t mac[6], uint32_t time_s)
{
	struct names_key key = names_key_address(family, addr);

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].files; k++)
			names_list_claim(&names->source[i].file[k].list, &key, mac, time_s);
}

const char *names_find_address(const struct names *names, int family, const void *addr,
	const uint8_t mac[6], enum names_source *source)
{
	struct names_key key = names_key_address(family, addr);

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].files; k++) {
			const char *name =
				names_list_find_claimed(&names->source[i].file[k].list, &key, mac);

			*source = (enum names_source)i;
			if (name)
				return name;
		}
	return NULL;
}

size_t names_count(const struct names *names, enum names_source source)
{
	const struct source *from = &names->source[source];
	size_t count = 0;

	for (size_t i = 0; i < from->files; i++)
		count += from->file[i].list.count;
	return count;
}

const char *names_source_text(enum names_source source)
{
	return kinds[source].text;
}
