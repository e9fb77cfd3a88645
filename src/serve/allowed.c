// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/allowed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int allowed_init(struct allowed *allowed, const struct config *config)
{
	size_t fixed = config->tracked_count + config->delegated_count + config->allow_count,
	       count = 0;
	struct prefix *list = calloc(fixed + (size_t)MZ_NETS * 2 * MZ_PREFIXES, sizeof(*list));

	*allowed = (struct allowed){list, fixed, fixed, config->allow_count};
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < config->allow_count; i++)
		list[count++] = config->allow[i];
	for (size_t i = 0; i < config->tracked_count; i++)
		list[count++] = config->tracked[i].prefix;
	for (size_t i = 0; i < config->delegated_count; i++)
		list[count++] = config->delegated[i];
	return 0;
}

void allowed_follow(struct allowed *allowed, const struct snapshot *snapshot)
{
	allowed->count = allowed->fixed_count;
	for (uint32_t i = 0; i < snapshot->interface_count; i++)
		for (size_t j = 0; j < snapshot->interface[i].prefix_count; j++) {
			const struct snapshot_prefix *from = &snapshot->interface[i].prefix[j];
			struct prefix *to = &allowed->prefix[allowed->count++];

			to->family = from->family;
			to->length = from->length;
			memcpy(to->addr, from->addr, sizeof(to->addr));
		}
}

void allowed_free(struct allowed *allowed)
{
	free(allowed->prefix);
	*allowed = (struct allowed){0};
}
