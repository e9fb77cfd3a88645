/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_OUTPUT_TEXTFILE_H
#define MZ_OUTPUT_TEXTFILE_H

/*
 * The text file for node_exporter's textfile collector. It is replaced by rename(2), so a reader
 * sees the old text or the new one, whole.
 */

#include <limits.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * Checks whether a file can be written at path: its directory exists and is writable. Creates
 * nothing. Returns 0; -EEXIST where path is there and neither a file nor a link; or another -errno.
 */
int textfile_check(const char *path);

/* All zero at first. Used again for each text. */
struct textfile {
	struct buf page;   /* the caller appends the text, and calls buf_free() in the end */
	int directory, fd; /* of the directory of path, and of the temporary file */
	int error;	   /* the first one of writing: 0 or -errno */
	const char *name;  /* of the file in that directory: a part of path */
	char temporary[NAME_MAX + 1];
};

/*
 * Replace the file at path by what is appended to file->page between the two calls. The page goes
 * to a temporary file of mode 0644 in the same directory, whose name does not end in .prom;
 * textfile_end() renames it to path. What is at path is neither opened nor followed. path must live
 * until then. Return 0 or -errno. Call textfile_end() only where textfile_begin() returned 0.
 */
int textfile_begin(struct textfile *file, const char *path);
int textfile_end(struct textfile *file);

/*
 * Gives the file at path to a user, who can then replace it in a sticky directory like /tmp, where
 * only root can remove the files of other users. Removes what must not be given away: a link, a
 * file with another hard link, and the temporary file of a killed daemon. Follows no link. Returns
 * 0 or -errno.
 */
int textfile_give(const char *path, uid_t uid, gid_t gid);

#endif
