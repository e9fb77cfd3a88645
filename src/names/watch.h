/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices by inotify(7) that files may have changed: their content, that they are replaced, and
 * that they or the directories above them come or go. Of a directory, it also notices the files in
 * it. It misses some changes to relative paths and to paths with symbolic links to directories, so
 * check such files now and then.
 */
#ifndef MZ_NAMES_WATCH_H
#define MZ_NAMES_WATCH_H

#include <stdbool.h>

struct watch;

struct watch *watch_create(void);	 /* NULL: see errno */
void watch_destroy(struct watch *watch); /* accepts NULL */

/* Adds a path, to be watched from the next watch_renew() on. path: copied. Returns 0 or -ENOMEM. */
int watch_add(struct watch *watch, const char *path);

/* A descriptor that is readable when watch_read() has events to take. */
int watch_fd(const struct watch *watch);

/* Takes all pending events. Returns whether one of the files may have changed. */
bool watch_read(struct watch *watch);

/*
 * Puts the watches on the files and directories that exist now. Call it at first, and after each
 * change, before the files are read.
 */
void watch_renew(struct watch *watch);

#endif
