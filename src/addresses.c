// SPDX-License-Identifier: GPL-2.0-or-later
#include "addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>

int addresses_own(struct prefix **list)
{
	struct ifaddrs *all, *a;
	size_t room = 0;
	int count = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (a = all; a; a = a->ifa_next)
		room++;
	*list = calloc(room ? room : 1, sizeof(**list));
	for (a = all; a && *list; a = a->ifa_next) {
		const struct sockaddr *address = a->ifa_addr;

		if (address && address->sa_family == AF_INET)
			(*list)[count++] = prefix_of_address(
				AF_INET, &((const struct sockaddr_in *)address)->sin_addr);
		else if (address && address->sa_family == AF_INET6)
			(*list)[count++] = prefix_of_address(
				AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr);
	}
	freeifaddrs(all);
	return *list ? count : -ENOMEM;
}
