/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory in bpffs that keeps maps and hooks while no daemon runs. */
#ifndef MZ_TABLES_PINS_H
#define MZ_TABLES_PINS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct pins {
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
int pins_open(struct pins *pins, const char *pin, unsigned max_hosts);

/* As pins_open(), but makes nothing: -ENOENT where there is nothing. */
int pins_open_existing(struct pins *pins, const char *pin);

void pins_close(struct pins *pins);

/* Makes the directory and what is ours in it somebody's. Returns 0 or -errno. */
int pins_give(const struct pins *pins, uid_t uid, gid_t gid);

/* The directory of the nth layout that is not ours. Returns 1; 0: there are not so many; or -errno.
 */
int pins_other(const struct pins *pins, unsigned n, char dir[PATH_MAX]);

/* Moves the pins and marks whose names begin so from such a directory to pin. */
void pins_move_up(const struct pins *pins, const char *dir, const char *prefix);

/*
 * Removes all pins in a layout's directory. The past goes first: it is known to be part of another
 * layout's past by the tables beside it. Returns 0, or -errno where something may be left.
 */
int pins_empty(const char *dir);

/* Removes the directory of another layout with all its pins. Returns 0 or -errno. */
int pins_remove_other(const char *dir);

/* Removes all pins, the directory, and the mount if it was pins_open() that made it. */
void pins_remove(struct pins *pins);

#endif
