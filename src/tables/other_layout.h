/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables that a daemon of another layout left pinned, read only. Nothing that lies there is
 * believed before it was checked.
 */
#ifndef MZ_TABLES_OTHER_LAYOUT_H
#define MZ_TABLES_OTHER_LAYOUT_H

#include "tables/archive.h"
#include "tables/maps.h"

struct other_layout {
	const char *dir;
	struct mz_geometry geometry;
	uint32_t id; /* of the slots' map */
	uint32_t slots, cpus;
	int slots_fd, counts_fd, unattributed_fd;
	const unsigned char *slot, *count; /* the kernel's own memory */
};

/*
 * Opens the tables pinned in dir, which stays the caller's. Returns 0; -ENOENT where one is
 * missing, and nothing can have counted there; -EUCLEAN where they are none that we know; or
 * another -errno.
 */
int other_layout_open(struct other_layout *other, const char *dir);
void other_layout_close(struct other_layout *other);

/* Adds all that they counted to a past. Returns how many rows there were, or -errno. */
int other_layout_add_to(const struct other_layout *other, struct archive *archive);

/* Sets the kernel's id of the slots' map pinned in dir, 0 where there is none. Returns 0 or -errno.
 */
int other_layout_id(const char *dir, uint32_t *id);

/* Fills nets, of MZ_NETS, with the numbers of interfaces pinned in dir. Returns 0 or -errno. */
int other_layout_nets(const char *dir, struct mz_net *nets);

#endif
