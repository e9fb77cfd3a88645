/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps names up to date. It reads a file a moment after inotify(7) reports a change, or after
 * follow_poll() has noticed one that inotify does not report.
 */
#ifndef MZ_NAMES_FOLLOW_H
#define MZ_NAMES_FOLLOW_H

#include "base/loop.h"
#include "config/config.h"
#include "names/names.h"

struct follow;

/*
 * Begins to watch all files of config. Reads none: follow_read() is due next. The loop reads later
 * changes, and calls changed(context) where any name is another one. NULL: see errno.
 */
struct follow *follow_start(const struct config *config, struct loop *loop,
	void (*changed)(void *context), void *context);
void follow_stop(struct follow *follow); /* accepts NULL */

/* The names, which follow_stop() frees. */
struct names *follow_names(struct follow *follow);

/* Reads the files that changed since the last call. Returns whether any name changed. */
bool follow_read(struct follow *follow);

/* Checks by stat(2) whether files have changed, for a later reading. Call it now and then. */
void follow_poll(struct follow *follow);

#endif
