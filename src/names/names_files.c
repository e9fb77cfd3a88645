// SPDX-License-Identifier: GPL-2.0-or-later
/* Which files names come from: those that were added, and those that they lead to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "names/directory.h"
#include "names/names.h"
#include "names/names_private.h"

/*
 * libuci keeps uncommitted changes to a file of the first directory under its name in the second.
 */
#define UCI_CONFIG  "/etc/config/"
#define UCI_CHANGES "/tmp/.uci/"

#define LISTED 32 /* files of directories, per source */

/* The files that a source should have: each added file before the ones in it. */
struct plan {
	const char *path[NAMES_FILES + LISTED];
	bool added[NAMES_FILES + LISTED];
	size_t count;
	char *listed[LISTED]; /* paths in path, to be freed */
	size_t listed_count;
};

/* Returns the path of the uncommitted changes to a UCI file; NULL where libuci keeps none. */
static const char *find_changes(const char *path, char changes[64])
{
	size_t prefix = strlen(UCI_CONFIG);

	if (strncmp(path, UCI_CONFIG, prefix) != 0 || strchr(path + prefix, '/') ||
		snprintf(changes, 64, UCI_CHANGES "%s", path + prefix) >= 64)
		return NULL;
	return changes;
}

static int open_file(const struct names *names, enum names_source source, const char *path,
	bool added, struct source_file *file)
{
	char changes[64];

	*file = (struct source_file){.table = {.seed = names->seed}, .added = added};
	file->may_be_directory = source == NAMES_HOSTS && added;
	return source_file_open(
		file, path, source == NAMES_UCI ? find_changes(path, changes) : NULL);
}

int names_add_file(struct names *names, enum names_source source, const char *path)
{
	struct source_files *to = &names->source[source];
	struct source_file *files;
	int error;

	if (to->file_count >= NAMES_FILES)
		return -E2BIG;
	files = realloc(to->file, (to->file_count + 1) * sizeof(*files));
	if (!files)
		return -ENOMEM;
	to->file = files;
	error = open_file(names, source, path, true, &files[to->file_count]);
	to->file_count += !error;
	names->paths_version++;
	return error;
}

void names_follow_leasefiles(struct names *names)
{
	names->follows_leasefiles = true;
}

static void add(struct plan *plan, const char *path, bool added)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->path[i], path) == 0)
			return;
	if (plan->count == sizeof(plan->path) / sizeof(*plan->path))
		return;
	plan->added[plan->count] = added;
	plan->path[plan->count++] = path;
}

static void add_directory(struct plan *plan, struct source_file *file)
{
	char **listed = plan->listed + plan->listed_count;
	size_t room = LISTED - plan->listed_count, untrusted, left;
	size_t count = directory_files(file->path, listed, room, &untrusted, &left);

	plan->listed_count += count;
	for (size_t i = 0; i < count; i++)
		add(plan, listed[i], false);
	if (untrusted && !file->logged_untrusted)
		log_warn("%s: files that another user may have put there are not read", file->path);
	if (left && !file->logged_left)
		log_warn("%s: no more than %d files are read", file->path, LISTED);
	file->logged_untrusted = untrusted;
	file->logged_left = left;
}

static void add_leasefiles(struct plan *plan, const struct source_files *uci)
{
	for (size_t k = 0; k < uci->file_count; k++)
		for (size_t i = 0; i < NAMES_LEASEFILES; i++)
			if (uci->file[k].table.leasefiles[i])
				add(plan, uci->file[k].table.leasefiles[i], false);
}

static struct plan make_plan(struct names *names, enum names_source source)
{
	struct source_files *from = &names->source[source];
	struct plan plan = {.count = 0};

	for (size_t k = 0; k < from->file_count; k++) {
		struct source_file *file = &from->file[k];

		if (!file->added)
			continue;
		add(&plan, file->path, true);
		if (file->may_be_directory)
			add_directory(&plan, file);
	}
	if (source == NAMES_LEASES && names->follows_leasefiles)
		add_leasefiles(&plan, &names->source[NAMES_UCI]);
	return plan;
}

static bool is_fulfilled(const struct plan *plan, const struct source_files *source)
{
	if (plan->count != source->file_count)
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->path[i], source->file[i].path) != 0)
			return false;
	return true;
}

/* Moves the file of that path out of from. Returns false where from has none. */
static bool take(struct source_files *from, const char *path, struct source_file *file)
{
	for (size_t i = 0; i < from->file_count; i++) {
		if (!from->file[i].path || strcmp(from->file[i].path, path) != 0)
			continue;
		*file = from->file[i];
		from->file[i] = (struct source_file){0};
		return true;
	}
	return false;
}

/* Whether a lease of old is still in one of the files. */
static bool lasts(const void *context, const struct name_entry *entry)
{
	const struct source_files *leases = context;
	bool found = false;

	for (size_t i = 0; i < leases->file_count && !found; i++) {
		const struct name_entry *there =
			name_table_entry(&leases->file[i].table, &entry->key);

		found = there && memcmp(there->holder, entry->holder, sizeof(entry->holder)) == 0;
	}
	return found;
}

void names_keep_ended(
	struct names *names, const struct source_files *leases, const struct name_table *old)
{
	ended_leases_keep(&names->ended, old, lasts, leases);
}

/*
 * Makes the source's files those of plan. Leaves out some where memory is short. Returns whether
 * the files changed.
 */
static bool fulfil(struct names *names, enum names_source source, const struct plan *plan)
{
	struct source_files *old = &names->source[source], new = {0};

	new.file = calloc(plan->count + 1, sizeof(*new.file));
	if (!new.file)
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (take(old, plan->path[i], &new.file[new.file_count]) ||
			!open_file(names, source, plan->path[i], plan->added[i],
				&new.file[new.file_count]))
			new.file_count++;
	for (size_t i = 0; i < old->file_count; i++) {
		if (source == NAMES_LEASES)
			names_keep_ended(names, &new, &old->file[i].table);
		source_file_close(&old->file[i]);
	}
	free(old->file);
	*old = new;
	names->paths_version++;
	return true;
}

bool names_discover_files(struct names *names, enum names_source source)
{
	struct plan plan = make_plan(names, source);
	bool changed = !is_fulfilled(&plan, &names->source[source]) && fulfil(names, source, &plan);

	for (size_t i = 0; i < plan.listed_count; i++)
		free(plan.listed[i]);
	return changed;
}
