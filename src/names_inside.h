/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What struct names is made of: for names.c, which fills it, and names_find.c, which asks it. */
#ifndef MZ_NAMES_INSIDE_H
#define MZ_NAMES_INSIDE_H

#include "names_ended.h"
#include "names_file.h"

struct source {
	struct names_file file[NAMES_FILES];
	size_t files;
};

struct names {
	struct source source[NAMES_SOURCES];
	struct names_ended ended; /* of leases */
	struct hash_seed seed;
	uint32_t version, paths_version;
	bool follows_leasefiles;
	size_t given; /* files of leases that are followed in any case */
};

#endif
