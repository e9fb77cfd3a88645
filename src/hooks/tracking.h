/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prefixes that are tracked at this moment: those of -4 and -6, the subnets of interfaces of
 * -i, and what is routed out of these.
 */
#ifndef MZ_HOOKS_TRACKING_H
#define MZ_HOOKS_TRACKING_H

#include "config/config.h"
#include "net/addresses.h"
#include "net/routes.h"

struct tracking_row {
	struct prefix prefix;
	char ifname[IFNAMSIZ]; /* empty: on every tracked interface */
	bool routed;	       /* by way of another router, so its broadcast address is not known */
};

struct tracking {
	struct tracking_row row[CONFIG_TRACKED + MZ_PREFIXES];
	size_t count;
	bool truncated; /* an interface of -i has more than MZ_PREFIXES of an address family */
};

/*
 * Fills tracking. own: the own_count addresses of addresses_own(). route: the routes out of
 * interfaces of -i, sorted by this function; routes: their number.
 *
 * A route to a part of an IPv6 /64, as a relay adds them, makes the whole /64 tracked. Where an
 * interface has more than MZ_PREFIXES routes, reserved ranges (reserved.h) replace the routes into
 * them.
 */
void tracking_make(struct tracking *tracking, const struct config *config,
	const struct address *own, size_t own_count, struct route *route, size_t routes);

/* Whether the prefix is tracked on the interface of that name. */
bool tracking_is_on(const struct tracking_row *row, const char *ifname);

#endif
