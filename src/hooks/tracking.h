/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which prefixes are tracked at this moment: those of -4 and -6, and what interfaces of -i have and
 * what is routed out of them.
 */
#ifndef MZ_HOOKS_TRACKING_H
#define MZ_HOOKS_TRACKING_H

#include "config/config.h"
#include "net/addresses.h"
#include "net/routes.h"

struct tracking_row {
	struct prefix prefix;
	char ifname[IFNAMSIZ]; /* empty: on every tracked interface */
	bool routed; /* by way of another router: not told which address broadcasts there */
};

struct tracking {
	struct tracking_row row[CONFIG_TRACKED + MZ_PREFIXES];
	size_t count;
	bool cut; /* an interface of -i has more than MZ_PREFIXES of a family */
};

/*
 * own: as addresses_own() lists them. route: those out of the interfaces of -i; put in order.
 *
 * IPv6 routes to a part of a /64 stand for all of it, as those of a relay do. Where there are more
 * than MZ_PREFIXES, reserved ranges stand for the routes into them.
 */
void tracking_make(struct tracking *tracking, const struct config *config,
	const struct address *own, size_t own_count, struct route *route, size_t routes);

/* Whether the prefix is tracked on this interface. */
bool tracking_is_on(const struct tracking_row *row, const char *ifname);

#endif
