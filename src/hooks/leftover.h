/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks of an earlier daemon, which go on counting. Lists them and changes nothing. */
#ifndef MZ_HOOKS_LEFTOVER_H
#define MZ_HOOKS_LEFTOVER_H

#include <stddef.h>

#include "model/snapshot.h"

/* The fields of hooks are those of a snapshot, except net and age_s, which are 0. */
struct leftover {
	struct snapshot_hook *hooks;
	size_t count, room;
};

/*
 * Lists the hooks on devices of this network namespace, of the daemon with this --pin, sorted by
 * device. left: zeroed by the caller, who calls leftover_free() in any case. Returns 0, also where
 * there is no such directory, or -errno.
 */
int leftover_look(const char *pin, struct leftover *left);
void leftover_free(struct leftover *left);

#endif
