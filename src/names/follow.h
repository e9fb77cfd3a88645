/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps names as their files have them: reads those that change a moment after the kernel says so,
 * or after follow_poll() has seen it where the kernel does not.
 */
#ifndef MZ_NAMES_FOLLOW_H
#define MZ_NAMES_FOLLOW_H

#include "base/loop.h"
#include "config/config.h"
#include "names/names.h"

struct follow;

/*
 * Looks out for changes of all files of config, but does not read them yet. Later changes are read
 * from loop, and where any name changed, changed(context) is called. NULL: see errno.
 */
struct follow *follow_start(const struct config *config, struct loop *loop,
	void (*changed)(void *context), void *context);
void follow_stop(struct follow *follow); /* accepts NULL */

struct names *follow_names(struct follow *follow);

/* Reads what changed since the last time. Returns whether any name changed. */
bool follow_read(struct follow *follow);

/* Looks whether files changed, without reading them: due now and then. */
void follow_poll(struct follow *follow);

#endif
