// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/ethers.h"
#include "names/hosts.h"
#include "names/leases.h"
#include "names/names_inside.h"
#include "names/uci/libuci.h"
#include "names/uci/reader.h"

/*
 * The library's word counts where there is one. What is wrong in a line, and in which, our own
 * reader tells better.
 */
static int parse_uci(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why)
{
	const char *slash = strrchr(text->path, '/');
	const struct uci_input input = {text->text, text->length, text->changes,
		text->changes_length, slash ? slash + 1 : text->path};
	int error = libuci_read(text->path, text->changes_path, table);
	struct name_table unused = {0};

	if (error == -ENOSYS)
		return uci_read(&input, table, line, why);
	if (error == -EINVAL) {
		if (uci_read(&input, &unused, line, why) != -EINVAL)
			*why = "libuci cannot read it";
		name_table_free(&unused);
	}
	return error;
}

static const struct {
	char text[8];
	source_parser *parse;
} kinds[NAMES_SOURCES] = {
	[NAMES_UCI] = {"uci", parse_uci},
	[NAMES_LEASES] = {"leases", leases_parse},
	[NAMES_ETHERS] = {"ethers", ethers_parse},
	[NAMES_HOSTS] = {"hosts", hosts_parse},
};

static bool lasts(const void *context, const struct name_entry *entry)
{
	const struct source *leases = context;
	bool found = false;

	for (size_t i = 0; i < leases->file_count && !found; i++) {
		const struct name_entry *there =
			name_table_entry(&leases->file[i].table, &entry->key);

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

void names_remember(struct names *names, const struct source *leases, const struct name_table *old)
{
	ended_leases_keep(&names->ended, old, lasts, leases);
}

bool names_refresh(struct names *names)
{
	bool changed = false;

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		if (names_follow_more(names, i)) {
			changed = true;
			renew_version(names);
		}
		for (size_t k = 0; k < names->source[i].file_count; k++) {
			struct name_table old;

			if (!source_file_refresh(&names->source[i].file[k], kinds[i].parse, &old))
				continue;
			changed = true;
			renew_version(names);
			if (i == NAMES_LEASES)
				names_remember(names, &names->source[i], &old);
			name_table_free(&old);
		}
	}
	return changed;
}

bool names_stale(const struct names *names)
{
	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].file_count; k++)
			if (source_file_stale(&names->source[i].file[k]))
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
	ended_leases_start(&names->ended, &names->seed);
	return names;
}

void names_destroy(struct names *names)
{
	if (!names)
		return;
	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].file_count; k++)
			source_file_close(&names->source[i].file[k]);
	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		free(names->source[i].file);
	ended_leases_finish(&names->ended);
	free(names);
}

uint32_t names_paths_version(const struct names *names)
{
	return names->paths_version;
}

const char *names_path(const struct names *names, size_t i)
{
	for (unsigned s = 0; s < NAMES_SOURCES; s++) {
		for (size_t k = 0; k < names->source[s].file_count; k++) {
			const struct source_file *file = &names->source[s].file[k];

			if (i-- == 0)
				return file->path;
			if (file->changes && i-- == 0)
				return file->changes;
		}
	}
	return NULL;
}

void names_note_use(
	struct names *names, int family, const void *addr, const uint8_t mac[6], uint32_t time_s)
{
	struct name_key key = name_key_address(family, addr);

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < names->source[i].file_count; k++)
			if (name_table_note_use(&names->source[i].file[k].table, &key, mac, time_s))
				renew_version(names);
}

size_t names_count(const struct names *names, enum names_source source)
{
	const struct source *from = &names->source[source];
	size_t count = 0;

	for (size_t i = 0; i < from->file_count; i++)
		count += from->file[i].table.host_count;
	return count;
}

const char *names_source_text(enum names_source source)
{
	return kinds[source].text;
}
