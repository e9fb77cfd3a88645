/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps names as their files have them: reads those that change a moment after the kernel says so,
 * or after following_poll() has seen it where the kernel does not.
 */
#ifndef MZ_NAMES_FOLLOW_H
#define MZ_NAMES_FOLLOW_H

#include "config/config.h"
#include "names/names.h"

struct following;

/* Looks out for changes of all files of config, but does not read them yet. NULL: see errno. */
struct following *following_start(const struct config *config);
void following_stop(struct following *following); /* accepts NULL */

struct names *following_names(struct following *following);

/* Reads what changed since the last time. Returns whether any name changed. */
bool following_read(struct following *following);

/* For epoll: readable when there is work for following_run(). */
int following_fd(const struct following *following);

/* Takes note of changes; reads, a moment later. Returns whether any name changed. */
bool following_run(struct following *following);

/* Looks whether files changed, without reading them: due now and then. */
void following_poll(struct following *following);

#endif
