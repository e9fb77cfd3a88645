// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const void *bytes_of(const struct sockaddr *address)
{
	return address->sa_family == AF_INET
		       ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
		       : &((const struct sockaddr_in6 *)address)->sin6_addr;
}

static uint8_t length_of(const struct sockaddr *mask, size_t size)
{
	const uint8_t *bytes = bytes_of(mask);
	uint8_t length = 0;

	while (length < 8 * size && bytes[length / 8] & 0x80 >> length % 8)
		length++;
	return length;
}

/* Fills address from the system's entry. False: it is neither IPv4 nor IPv6. */
static bool read_address(const struct ifaddrs *from, struct address *address)
{
	const struct sockaddr *own = from->ifa_addr, *on = own;
	int family = own ? own->sa_family : AF_UNSPEC;
	uint8_t mask[16];

	if (family != AF_INET && family != AF_INET6)
		return false;
	if (from->ifa_flags & IFF_POINTOPOINT && from->ifa_dstaddr &&
		from->ifa_dstaddr->sa_family == family)
		on = from->ifa_dstaddr;
	memset(address, 0, sizeof(*address));
	address->own = prefix_of_address(family, bytes_of(own));
	address->subnet = prefix_of_address(family, bytes_of(on));
	if (from->ifa_netmask)
		address->subnet.length = length_of(from->ifa_netmask, family == AF_INET ? 4 : 16);
	prefix_mask(&address->subnet, mask);
	for (size_t i = 0; i < sizeof(mask); i++)
		address->subnet.addr[i] &= mask[i];
	memccpy(address->ifname, from->ifa_name, 0, sizeof(address->ifname) - 1);
	return true;
}

int addresses_own(struct address **list)
{
	struct ifaddrs *all, *a;
	size_t room = 0;
	int count = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (a = all; a; a = a->ifa_next)
		room++;
	*list = calloc(room ? room : 1, sizeof(**list));
	for (a = all; a && *list; a = a->ifa_next)
		if (read_address(a, &(*list)[count]))
			count++;
	freeifaddrs(all);
	return *list ? count : -ENOMEM;
}
