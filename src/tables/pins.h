/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory in bpffs with the pins that keep maps and hooks while no daemon runs. */
#ifndef MZ_TABLES_PINS_H
#define MZ_TABLES_PINS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct pins {
	char pin[PATH_MAX];    /* --pin */
	char layout[PATH_MAX]; /* its subdirectory for tables of this layout and --max-hosts */
	int lock;	       /* held while this process uses the directory */
	bool created;	       /* this process made the directory pin */
};

/*
 * Makes and locks the directory pin, and makes the layout's directory in it, for tables with room
 * for max_hosts. Where pin is below /sys/fs/bpf and nothing is mounted there, mounts bpffs first.
 * Returns 0; -EMEDIUMTYPE where pin is not in a bpffs; -EBUSY where another process holds the lock;
 * -EPERM where another user owns the directory or may change it; -ENOTDIR where pin is no
 * directory, or a symbolic link; or another -errno.
 */
int pins_open(struct pins *pins, const char *pin, unsigned max_hosts);

/* As pins_open(), but makes nothing. -ENOENT: there is no such directory. */
int pins_open_existing(struct pins *pins, const char *pin);

/* Logs why one of these two failed, other than by -EBUSY. */
void pins_log_failure(const char *pin, int error);

/* Releases the lock. The pins stay. */
void pins_close(struct pins *pins);

/* Makes a user own the directory and this program's pins in it. Returns 0 or -errno. */
int pins_chown(const struct pins *pins, uid_t uid, gid_t gid);

/*
 * Sets dir to the directory of the nth of the other layouts, counted from 0. Returns 1; 0 where
 * there are not so many; or -errno.
 */
int pins_other(const struct pins *pins, unsigned n, char dir[PATH_MAX]);

/* Moves the pins whose names start with prefix from another layout's directory to pin. */
void pins_move_up(const struct pins *pins, const char *dir, const char *prefix);

/*
 * Removes all pins in a layout's directory. The archive goes first: as long as it is there, the
 * maps beside it are needed to see that another layout has imported it. Returns 0, or -errno where
 * something may be left.
 */
int pins_empty(const char *dir);

/* Removes the directory of another layout with all its pins. Returns 0 or -errno. */
int pins_remove_other(const char *dir);

/* Removes all pins of this program, the directory, and the mount if pins_open() made it. */
void pins_remove(struct pins *pins);

#endif
