// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/snapshot_hooks.h"

#include <string.h>

#include "base/clock.h"

static bool is_listed(const struct snapshot *snapshot, const struct installed_hook *hook)
{
	for (uint32_t i = 0; i < snapshot->hook_count; i++)
		if (strcmp(snapshot->hook[i].device, hook->device) == 0 &&
			snapshot->hook[i].kind == hook->kind)
			return true;
	return false;
}

/* One row per device and direction, where a device has several hooks. */
static void list_hooks(struct snapshot *snapshot, const struct installed *installed)
{
	snapshot->hook_count = 0;
	for (size_t i = 0; i < installed->hook_count; i++) {
		const struct installed_hook *from = &installed->hooks[i];
		int directions = from->uploads_only ? MZ_DOWNLOAD : MZ_DIRECTIONS;

		if (!from->attached || is_listed(snapshot, from))
			continue;
		for (int d = 0; d < directions && snapshot->hook_count < SNAPSHOT_HOOKS; d++) {
			struct snapshot_hook *hook = &snapshot->hook[snapshot->hook_count++];

			memset(hook, 0, sizeof(*hook));
			memcpy(hook->device, from->device, sizeof(hook->device));
			hook->direction = (uint8_t)d;
			hook->kind = (uint8_t)from->kind;
			hook->net = (uint8_t)from->net;
			hook->age_s = (uint32_t)(clock_uptime_s() - from->since_s);
		}
	}
}

static void list_prefixes(
	struct snapshot_interface *to, const struct tracking *tracking, const char *ifname)
{
	for (size_t i = 0; i < tracking->count && to->prefix_count < 2 * MZ_PREFIXES; i++) {
		const struct tracking_row *row = &tracking->row[i];
		struct snapshot_prefix *prefix = &to->prefix[to->prefix_count];

		if (!tracking_is_on(row, ifname))
			continue;
		memcpy(prefix->addr, row->prefix.addr, sizeof(prefix->addr));
		prefix->family = row->prefix.family;
		prefix->length = row->prefix.length;
		to->prefix_count++;
	}
}

static void list_interfaces(struct snapshot *snapshot, const struct installed *installed)
{
	const struct config *config = installed->config;

	snapshot->interface_count = (uint32_t)config->interface_count;
	for (size_t i = 0; i < config->interface_count; i++) {
		struct snapshot_interface *to = &snapshot->interface[i];

		*to = (struct snapshot_interface){.net = (uint8_t)installed->links[i].net,
			.present = installed->links[i].present,
			.hooked = installed_counts_on(installed, i),
			.followed = config->followed[i]};
		list_prefixes(to, &installed->tracking, config->ifnames[i]);
	}
}

void snapshot_fill_hooks(struct snapshot *snapshot, const struct installed *installed)
{
	list_hooks(snapshot, installed);
	list_interfaces(snapshot, installed);
	snapshot->incomplete = installed->incomplete;
	snapshot->hooks_restored = installed->restored;
	snapshot->missed_packets = installed->missed;
}
