/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may connect besides loopback: tracked subnets and --allow, and the subnets that are followed.
 */
#ifndef MZ_SERVE_ALLOWED_H
#define MZ_SERVE_ALLOWED_H

#include "config/config.h"
#include "model/snapshot.h"

struct allowed {
	struct prefix *prefix;
	size_t count;
	size_t fixed_count;    /* how many of them, the first, do not change */
	size_t favoured_count; /* and of these, are of --allow */
};

/* Those that config tells. Returns 0 or -ENOMEM. */
int allowed_init(struct allowed *allowed, const struct config *config);

/* And those that are in force on the interfaces of a snapshot. The list stays where it is. */
void allowed_follow(struct allowed *allowed, const struct snapshot *snapshot);

void allowed_free(struct allowed *allowed);

#endif
