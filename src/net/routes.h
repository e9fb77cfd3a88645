/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NET_ROUTES_H
#define MZ_NET_ROUTES_H

#include <net/if.h>

#include "base/prefix.h"

/* A subnet that the kernel routes out of an interface. */
struct route {
	struct prefix to;
	char ifname[IFNAMSIZ];
};

/*
 * Appends the unicast routes out of one interface, of all routing tables, to *list, which has
 * *count entries. *list is NULL at first; the caller frees it. Default routes are left out, as are
 * ranges that no router forwards. Returns 0 or -errno, also after some routes were appended;
 * -EINTR: a change disturbed the kernel's answer, so try again.
 */
int routes_add(struct route **list, size_t *count, const char *ifname, unsigned ifindex);

#endif
