/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prefixes that may connect besides loopback: --allow, the tracked subnets (-4, -6), and the
 * subnets that -i follows.
 */
#ifndef MZ_SERVE_ALLOWED_H
#define MZ_SERVE_ALLOWED_H

#include "config/config.h"
#include "model/snapshot.h"

struct allowed {
	struct prefix *prefix;
	size_t count;
	size_t fixed_count;    /* the first ones, of the configuration: they do not change */
	size_t favoured_count; /* the first ones of these: --allow */
};

/* Fills the list from config, and allocates room for all that can follow. Returns 0 or -ENOMEM. */
int allowed_init(struct allowed *allowed, const struct config *config);

/*
 * Replaces what follows the fixed ones by the prefixes of the snapshot's interfaces. Allocates
 * nothing: the list stays where it is.
 */
void allowed_follow(struct allowed *allowed, const struct snapshot *snapshot);

void allowed_free(struct allowed *allowed);

#endif
