/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells that files may have changed, by inotify(7): also when they are replaced, or when they and
 * the directories above them are yet to come; and of directories, what is in them. Paths that are
 * relative, or lead over symbolic links to directories, are followed as far as the kernel reports
 * it: looking at the files now and then is not made superfluous.
 */
#ifndef MZ_NAMES_WATCH_H
#define MZ_NAMES_WATCH_H

#include <stdbool.h>

struct watch;

struct watch *watch_create(void);	 /* NULL: no memory, or no inotify, see errno */
void watch_destroy(struct watch *watch); /* accepts NULL */

/* One more file, as of the next watch_renew(). path: copied. Returns 0 or -ENOMEM. */
int watch_add(struct watch *watch, const char *path);

/* Readable when there is something for watch_read(). */
int watch_fd(const struct watch *watch);

/* Takes the events that are there. Returns whether one of the files may have changed. */
bool watch_read(struct watch *watch);

/* Finds out what there is to watch: due at first, and before the files are read after a change. */
void watch_renew(struct watch *watch);

#endif
