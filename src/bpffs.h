/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory in bpffs that keeps maps and hooks while no daemon runs. */
#ifndef MZ_BPFFS_H
#define MZ_BPFFS_H

#include <limits.h>
#include <stdbool.h>

struct bpffs {
	char pin[PATH_MAX];	    /* --pin */
	char layout[PATH_MAX + 16]; /* its subdirectory of this MZ_LAYOUT */
	int lock;		    /* held while this process uses the directory */
	bool fresh;		    /* this process made it */
};

/*
 * Makes the directory, mounting bpffs first where pin lies below /sys/fs/bpf and nothing is
 * mounted there, and locks it. Returns 0; -EMEDIUMTYPE where pin is not in a bpffs; -EBUSY where
 * another process holds the lock; or another -errno.
 */
int bpffs_open(struct bpffs *bpffs, const char *pin);

/* As bpffs_open(), but makes nothing: -ENOENT where there is nothing. */
int bpffs_open_existing(struct bpffs *bpffs, const char *pin);

void bpffs_close(struct bpffs *bpffs);

/* Removes all pins, the directory, and the mount if it was bpffs_open() that made it. */
void bpffs_remove(struct bpffs *bpffs);

#endif
