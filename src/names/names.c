// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/names.h"

#include <stdlib.h>

#include "names/names_private.h"

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

	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		if (names_discover_files(names, i)) {
			changed = true;
			renew_version(names);
		}
		for (size_t k = 0; k < names->source[i].file_count; k++) {
			struct name_table old;

			if (!source_file_refresh(
				    &names->source[i].file[k], names_source_kinds[i].parse, &old))
				continue;
			changed = true;
			renew_version(names);
			if (i == NAMES_LEASES)
				names_keep_ended(names, &names->source[i], &old);
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
	const struct source_files *from = &names->source[source];
	size_t count = 0;

	for (size_t i = 0; i < from->file_count; i++)
		count += from->file[i].table.host_count;
	return count;
}

const char *names_source_text(enum names_source source)
{
	return names_source_kinds[source].name;
}
