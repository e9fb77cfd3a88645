// SPDX-License-Identifier: GPL-2.0-or-later
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ethers.h"
#include "hosts.h"
#include "leases.h"
#include "names_inside.h"
#include "uci_hosts.h"
#include "uci_library.h"

/* Where libuci keeps what was set and not yet committed, and of which files. */
#define UCI_CONFIG  "/etc/config/"
#define UCI_CHANGES "/tmp/.uci/"

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

static bool is_followed(const struct source *source, size_t from, size_t to, const char *path)
{
	for (size_t k = from; k < to; k++)
		if (strcmp(source->file[k].path, path) == 0)
			return true;
	return false;
}

/* The lease file that so many others precede in UCI's files; NULL: there are no more. */
static const char *leasefile(const struct names *names, size_t i)
{
	const struct source *uci = &names->source[NAMES_UCI];

	for (size_t k = 0; k < uci->files; k++)
		for (size_t n = 0; n < NAMES_LEASEFILES && uci->file[k].list.leasefiles[n]; n++)
			if (i-- == 0)
				return uci->file[k].list.leasefiles[n];
	return NULL;
}

/* Follows the lease files that UCI's files name now, where they were others before. */
static void follow_leasefiles(struct names *names)
{
	struct source *leases = &names->source[NAMES_LEASES];
	size_t given = names->given, wanted = 0;
	const char *path;
	bool same = true;

	for (size_t i = 0; (path = leasefile(names, i)); i++) {
		if (is_followed(leases, 0, given, path))
			continue;
		wanted++;
		same &= is_followed(leases, given, leases->files, path);
	}
	if (same && wanted == leases->files - given)
		return;
	while (leases->files > given) {
		struct names_file *file = &leases->file[--leases->files];

		names_ended_keep(&names->ended, &file->list, lasts, leases);
		names_file_close(file);
		*file = (struct names_file){0};
	}
	for (size_t i = 0; (path = leasefile(names, i)); i++)
		if (!is_followed(leases, 0, leases->files, path) &&
			names_follow(names, NAMES_LEASES, path) < 0)
			break;
	names->paths_version++;
	renew_version(names);
}

void names_follow_leasefiles(struct names *names)
{
	names->follows_leasefiles = true;
	names->given = names->source[NAMES_LEASES].files;
}

bool names_refresh(struct names *names)
{
	bool changed = false;

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		if (i == NAMES_LEASES && changed && names->follows_leasefiles)
			follow_leasefiles(names);
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
	names->paths_version++;
	return error;
}

uint32_t names_paths_version(const struct names *names)
{
	return names->paths_version;
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

void names_claim(
	struct names *names, int family, const void *addr, const uint8_t mac[6], uint32_t time_s)
{
	struct names_key key = names_key_address(family, addr);

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].files; k++)
			if (names_list_claim(&names->source[i].file[k].list, &key, mac, time_s))
				renew_version(names);
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
