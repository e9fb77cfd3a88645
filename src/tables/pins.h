/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory in bpffs that keeps maps and hooks while no daemon runs. */
#ifndef MZ_TABLES_PINS_H
#define MZ_TABLES_PINS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct bpffs {
	char pin[PATH_MAX];    /* --pin */
	char layout[PATH_MAX]; /* its subdirectory for tables of this layout and size */
	int lock;	       /* held while this process uses the directory */
	bool fresh;	       /* this process made pin */
};

/*
 * Makes the directory and in it, for tables with room for max_hosts, that of the layout, mounting
 * bpffs first where pin lies below /sys/fs/bpf and nothing is mounted there, and locks it. Returns
 * 0; -EMEDIUMTYPE where pin is not in a bpffs; -EBUSY where another process holds the lock; -EPERM
 * where it is another user's or others may change it; -ENOTDIR where it is no directory, but maybe
 * a link to one; or another -errno.
 */
int bpffs_open(struct bpffs *bpffs, const char *pin, unsigned max_hosts);

/* As bpffs_open(), but makes nothing: -ENOENT where there is nothing. */
int bpffs_open_existing(struct bpffs *bpffs, const char *pin);

void bpffs_close(struct bpffs *bpffs);

/* Makes the directory and what is ours in it somebody's. Returns 0 or -errno. */
int bpffs_give(const struct bpffs *bpffs, uid_t uid, gid_t gid);

/* The directory of the nth layout that is not ours. Returns 1; 0: there are not so many; or -errno.
 */
int bpffs_other(const struct bpffs *bpffs, unsigned n, char dir[PATH_MAX]);

/* Moves the pins and marks whose names begin so from such a directory to pin. */
void bpffs_move_up(const struct bpffs *bpffs, const char *dir, const char *prefix);

/*
 * Removes all pins in a layout's directory. The past goes first: it is known to be part of another
 * layout's past by the tables beside it. Returns 0, or -errno where something may be left.
 */
int bpffs_empty(const char *dir);

/* Removes the directory of another layout with all its pins. Returns 0 or -errno. */
int bpffs_remove_other(const char *dir);

/* Removes all pins, the directory, and the mount if it was bpffs_open() that made it. */
void bpffs_remove(struct bpffs *bpffs);

#endif
