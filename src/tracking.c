// SPDX-License-Identifier: GPL-2.0-or-later
#include "tracking.h"

#include <string.h>

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

/* Link-local addresses never speak with the internet. */
static bool is_link_local(const struct prefix *p)
{
	return p->family == AF_INET ? p->addr[0] == 169 && p->addr[1] == 254
				    : p->addr[0] == 0xfe && (p->addr[1] & 0xc0) == 0x80;
}

static void add_followed(struct tracking *tracking, const struct address *address)
{
	size_t here = 0;

	if (is_link_local(&address->own))
		return;
	for (size_t i = 0; i < tracking->count; i++) {
		const struct tracking_row *row = &tracking->row[i];

		if (!tracking_is_on(row, address->ifname))
			continue;
		if (prefix_equal(&row->prefix, &address->subnet))
			return;
		here += row->prefix.family == address->subnet.family;
	}
	if (here >= MZ_PREFIXES ||
		tracking->count == sizeof(tracking->row) / sizeof(*tracking->row))
		tracking->cut = true;
	else
		add(tracking, &address->subnet, address->ifname);
}

void tracking_make(struct tracking *tracking, const struct config *config,
	const struct address *own, size_t owns)
{
	tracking->count = 0;
	tracking->cut = false;
	for (size_t i = 0; i < config->trackeds; i++)
		add(tracking, &config->tracked[i].prefix, config->tracked[i].ifname);
	for (size_t i = 0; i < config->delegateds; i++)
		add(tracking, &config->delegated[i], "");
	for (size_t i = 0; i < owns; i++)
		for (size_t k = 0; k < config->interfaces; k++)
			if (config->followed[k] && strcmp(config->ifnames[k], own[i].ifname) == 0)
				add_followed(tracking, &own[i]);
}
