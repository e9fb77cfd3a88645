// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/tracking.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "hooks/reserved.h"

bool tracking_is_on(const struct tracking_row *row, const char *ifname)
{
	return !row->ifname[0] || strcmp(row->ifname, ifname) == 0;
}

static void add(struct tracking *tracking, const struct prefix *prefix, const char *ifname)
{
	struct tracking_row *row = &tracking->row[tracking->count++];

	memset(row, 0, sizeof(*row));
	row->prefix = *prefix;
	memccpy(row->ifname, ifname, 0, sizeof(row->ifname) - 1);
}

/* Whether it is link-local: such hosts exchange nothing with the internet. */
static bool is_link_local(const struct prefix *p)
{
	return p->family == AF_INET ? p->addr[0] == 169 && p->addr[1] == 254
				    : p->addr[0] == 0xfe && (p->addr[1] & 0xc0) == 0x80;
}

/* Whether all of the prefix is tracked on the interface already. */
static bool is_tracked(
	const struct tracking *tracking, const struct prefix *prefix, const char *ifname)
{
	for (size_t i = 0; i < tracking->count; i++)
		if (tracking_is_on(&tracking->row[i], ifname) &&
			prefix_covers(&tracking->row[i].prefix, prefix))
			return true;
	return false;
}

static size_t count_on(const struct tracking *tracking, uint8_t family, const char *ifname)
{
	size_t count = 0;

	for (size_t i = 0; i < tracking->count; i++)
		count += tracking_is_on(&tracking->row[i], ifname) &&
			 tracking->row[i].prefix.family == family;
	return count;
}

/* Adds a prefix unless it is tracked already. Returns false where there is no room. */
static bool add_followed(struct tracking *tracking, const struct prefix *prefix, const char *ifname)
{
	if (is_tracked(tracking, prefix, ifname))
		return true;
	if (count_on(tracking, prefix->family, ifname) >= MZ_PREFIXES ||
		tracking->count == sizeof(tracking->row) / sizeof(*tracking->row))
		return false;
	add(tracking, prefix, ifname);
	return true;
}

/* By interface, then the widest first. */
static int compare_routes(const void *a, const void *b)
{
	const struct route *x = a, *y = b;
	int order = strcmp(x->ifname, y->ifname);

	order = order ? order : x->to.length - y->to.length;
	return order ? order : memcmp(x->to.addr, y->to.addr, sizeof(x->to.addr));
}

static void widen(struct prefix *prefix)
{
	if (prefix->family == AF_INET6 && prefix->length > 64) {
		prefix->length = 64;
		memset(prefix->addr + 8, 0, 8);
	}
}

/*
 * Adds routes out of one interface; ranges: reserved ranges replace the routes into them. Returns
 * false where there is no room for all: then adds none, or with ranges those before.
 */
static bool add_routes(
	struct tracking *tracking, const struct route *route, size_t routes, bool ranges)
{
	size_t before = tracking->count, count;

	for (size_t i = 0; i < routes; i++) {
		struct prefix to = route[i].to;

		widen(&to);
		if (ranges)
			reserved_range(&to, &to);
		count = tracking->count;
		if (!add_followed(tracking, &to, route[i].ifname)) {
			tracking->count = ranges ? tracking->count : before;
			return false;
		}
		if (tracking->count > count)
			tracking->row[count].routed = true;
	}
	return true;
}

/* Adds the routes out of one interface, and if they are too many, reserved ranges instead. */
static void follow_routes(struct tracking *tracking, const struct route *route, size_t routes)
{
	if (!add_routes(tracking, route, routes, false) &&
		!add_routes(tracking, route, routes, true))
		tracking->truncated = true;
}

void tracking_make(struct tracking *tracking, const struct config *config,
	const struct address *own, size_t own_count, struct route *route, size_t routes)
{
	tracking->count = 0;
	tracking->truncated = false;
	for (size_t i = 0; i < config->tracked_count; i++)
		add(tracking, &config->tracked[i].prefix, config->tracked[i].ifname);
	for (size_t i = 0; i < config->delegated_count; i++)
		add(tracking, &config->delegated[i], "");
	for (size_t i = 0; i < own_count; i++)
		for (size_t k = 0; k < config->interface_count; k++)
			if (config->followed[k] && !is_link_local(&own[i].own) &&
				strcmp(config->ifnames[k], own[i].ifname) == 0 &&
				!add_followed(tracking, &own[i].subnet, own[i].ifname))
				tracking->truncated = true;
	if (routes)
		qsort(route, routes, sizeof(*route), compare_routes);
	for (size_t i = 0, end; i < routes; i = end) {
		for (end = i + 1; end < routes && strcmp(route[end].ifname, route[i].ifname) == 0;)
			end++;
		follow_routes(tracking, route + i, end - i);
	}
}
