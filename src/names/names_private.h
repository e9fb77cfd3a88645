/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of struct names, shared by names.c (reading the files), names_files.c (which files
 * these are, and the leases that they no longer have) and names_lookup.c (whose name it is).
 */
#ifndef MZ_NAMES_NAMES_PRIVATE_H
#define MZ_NAMES_NAMES_PRIVATE_H

#include "names/ended_leases.h"
#include "names/source.h"
#include "names/source_file.h"

/* The files of one source, in order of precedence. */
struct source_files {
	struct source_file *file;
	size_t file_count;
};

struct names {
	struct source_files source[NAMES_SOURCES];
	struct ended_leases ended;
	struct hash_seed seed;
	uint32_t version, paths_version;
	bool follows_leasefiles; /* names_follow_leasefiles() was called */
};

/*
 * Finds the files that the added files of a source lead to: those in directories, and the lease
 * files that UCI's files name. Returns whether they are others than before.
 */
bool names_discover_files(struct names *names, enum names_source source);

/* Keeps the names of leases that are in old, and no longer in any file of leases. */
void names_keep_ended(
	struct names *names, const struct source_files *leases, const struct name_table *old);

#endif
