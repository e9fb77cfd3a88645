/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NET_ROUTES_H
#define MZ_NET_ROUTES_H

#include <net/if.h>

#include "base/prefix.h"

/* A subnet that the kernel's routing tables lead out of an interface. */
struct route {
	struct prefix to;
	char ifname[IFNAMSIZ];
};

/*
 * Appends the routes out of one interface to *list (NULL at first, to be freed) of *count, in all
 * tables: not default routes, nor what is no unicast or stays on the link. Returns 0 or -errno.
 */
int routes_add(struct route **list, size_t *count, const char *ifname, unsigned ifindex);

#endif
