/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What struct names is made of: for names.c, which fills it, and names_find.c, which asks it. */
#ifndef MZ_NAMES_NAMES_INSIDE_H
#define MZ_NAMES_NAMES_INSIDE_H

#include "names/ended_leases.h"
#include "names/source.h"
#include "names/source_file.h"

struct source {
	struct source_file *file;
	size_t file_count;
};

struct names {
	struct source source[NAMES_SOURCES];
	struct ended_leases ended; /* of leases */
	struct hash_seed seed;
	uint32_t version, paths_version;
	bool follows_leasefiles;
};

/*
 * Follows what the given files of a source lead to: the files of directories, and the lease files
 * that UCI's name. Returns whether it follows others than before.
 */
bool names_follow_more(struct names *names, enum names_source source);

/* Remembers the names of leases that old had and the files of leases have not. */
void names_remember(struct names *names, const struct source *leases, const struct name_table *old);

#endif
