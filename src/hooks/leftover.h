/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an earlier daemon left in the kernel, where it counts on. Looks, and changes nothing. */
#ifndef MZ_HOOKS_LEFTOVER_H
#define MZ_HOOKS_LEFTOVER_H

#include <stddef.h>

#include "model/snapshot.h"

/* As in a snapshot, but for net and age_s. */
struct leftover {
	struct snapshot_hook *hooks;
	size_t count, room;
};

/*
 * Lists the classifiers that hang on devices of this network namespace, of the daemon with this
 * pin directory, by device. left: zeroed. Returns 0, also where there is no such directory, or
 * -errno. leftover_free() is due in any case.
 */
int leftover_look(const char *pin, struct leftover *left);
void leftover_free(struct leftover *left);

#endif
