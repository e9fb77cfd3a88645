/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_OUTPUT_TEXTFILE_H
#define MZ_OUTPUT_TEXTFILE_H

#include <limits.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * Whether a file can be written at path: its directory is there and writable. Creates nothing.
 * Returns 0 or -errno: -EEXIST where something other than a file or a link stands there.
 */
int textfile_check(const char *path);

/* All zero at first; used again for the next one. */
struct textfile {
	struct buf page; /* to be filled between begin and end; buf_free() is due in the end */
	int directory, fd, error;
	const char *name; /* in that directory; a part of path */
	char temporary[NAME_MAX + 1];
};

/*
 * Replaces the file at path, whole: a reader sees the old text or, from textfile_end() on, what is
 * in page by then. Mode 0644. What stands at path is renamed over, never followed or opened. path:
 * kept by the caller. Return 0 or -errno; textfile_end() is due where textfile_begin() returned 0.
 */
int textfile_begin(struct textfile *file, const char *path);
int textfile_end(struct textfile *file);

/*
 * Makes the file at path somebody's, who may then replace it in a directory like /tmp, where nobody
 * but root could take others' files out of the way. So what is in the way goes now: a link, a file
 * that has another name, too, and what a killed daemon left. Nothing is followed. Returns 0 or
 * -errno.
 */
int textfile_give(const char *path, uid_t uid, gid_t gid);

#endif
