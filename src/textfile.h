/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_TEXTFILE_H
#define MZ_TEXTFILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Whether a file can be written at path: its directory is there and writable. Creates nothing.
 * Returns 0 or -errno: -EEXIST where something other than a file or a link stands there.
 */
int textfile_check(const char *path);

/*
 * Replaces the file at path, whole: a reader sees the old text or the new one. Mode 0644. What
 * stands at path is renamed over, never followed or opened. Returns 0 or -errno.
 */
int textfile_write(const char *path, const void *text, size_t length);

/*
 * Makes the file at path somebody's, who may then replace it in a directory like /tmp. Nothing is
 * followed, and what has another name, too, is left alone. Returns 0 or -errno.
 */
int textfile_give(const char *path, uid_t uid, gid_t gid);

#endif
