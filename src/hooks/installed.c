// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/installed.h"

#include <stdlib.h>
#include <string.h>

void installed_finish(struct installed *installed)
{
	free(installed->known_devices);
	free(installed->hooks);
	installed->known_devices = NULL;
	installed->hooks = NULL;
	installed->known_device_count = installed->hook_count = 0;
}

void installed_set_incomplete(
	struct installed *installed, enum snapshot_incomplete reason, bool is_so)
{
	uint32_t bit = 1u << reason;

	installed->incomplete = is_so ? installed->incomplete | bit : installed->incomplete & ~bit;
}

bool installed_counts_on(const struct installed *installed, size_t i)
{
	for (size_t k = 0; k < installed->hook_count; k++) {
		const struct installed_hook *hook = &installed->hooks[k];

		if (hook->attached && hook->net == installed->links[i].net &&
			strcmp(hook->device, installed->config->ifnames[i]) == 0)
			return installed->links[i].present;
	}
	return false;
}

uint32_t installed_counted(const struct installed *installed)
{
	uint32_t counted = 0;

	for (size_t i = 0; i < installed->config->interface_count; i++)
		counted |= (uint32_t)installed_counts_on(installed, i) << i;
	return counted;
}

bool installed_follows(const void *context, unsigned ifindex)
{
	const struct installed *installed = context;
	const struct config *config = installed->config;

	for (size_t i = 0; i < installed->hook_count; i++)
		for (size_t k = 0; k < config->interface_count; k++)
			if (installed->hooks[i].ifindex == ifindex && config->followed[k] &&
				strcmp(installed->hooks[i].device, config->ifnames[k]) == 0)
				return true;
	return false;
}
