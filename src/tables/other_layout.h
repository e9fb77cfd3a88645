/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the tables that a daemon of another layout left pinned. All that is read from them is
 * checked before it is used.
 */
#ifndef MZ_TABLES_OTHER_LAYOUT_H
#define MZ_TABLES_OTHER_LAYOUT_H

#include "tables/archive.h"
#include "tables/maps.h"

struct other_layout {
	const char *dir;
	struct mz_geometry geometry;
	uint32_t id; /* kernel's id of the map mz_slots */
	uint32_t slots, cpus;
	int slots_fd, counts_fd, unattributed_fd;
	const unsigned char *slot, *count; /* the kernel's own memory, mapped */
};

/*
 * Opens the tables pinned in dir, a string that has to outlive other. Returns 0; -ENOENT where a
 * map is missing, so that no classifier can have counted there; -EUCLEAN where the maps are of no
 * known layout; or another -errno. After an error nothing is open.
 */
int other_layout_open(struct other_layout *other, const char *dir);
void other_layout_close(struct other_layout *other);

/* Adds all counts of these tables to an archive. Returns how many rows were added, or -errno. */
int other_layout_add_to(const struct other_layout *other, struct archive *archive);

/* Sets *id to the kernel's id of the map mz_slots in dir; 0: there is none. Returns 0 or -errno. */
int other_layout_id(const char *dir, uint32_t *id);

/* Fills nets, of MZ_NETS entries, from the map mz_nets pinned in dir. Returns 0 or -errno. */
int other_layout_nets(const char *dir, struct mz_net *nets);

#endif
