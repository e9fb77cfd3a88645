// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/reserved.h"

#include <sys/socket.h>

bool reserved_range(const struct prefix *prefix, struct prefix *range)
{
	static const char ranges[][16] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
		"169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "224.0.0.0/4",
		"fc00::/7", "fe80::/10", "ff00::/8"};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		struct prefix found;

		if (prefix_parse(ranges[i], AF_UNSPEC, false, &found) ||
			!prefix_covers(&found, prefix))
			continue;
		if (range)
			*range = found;
		return true;
	}
	return false;
}
