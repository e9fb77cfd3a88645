/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NET_NETLINK_H
#define MZ_NET_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

struct netlink; /* a subscription to changes of links, addresses, routes, qdiscs and filters */

struct netlink *netlink_watch(void);	       /* NULL with errno */
void netlink_close(struct netlink *netlink);   /* accepts NULL */
int netlink_fd(const struct netlink *netlink); /* readable when something changed */

/*
 * Forgets what was announced. Returns whether there was anything but routes out of devices that
 * concerns() does not know: a large router's routes change all the time.
 */
bool netlink_drain(struct netlink *netlink, bool (*concerns)(const void *context, unsigned ifindex),
	const void *context);

#define NETLINK_NAME 16

struct netlink_filter {
	uint32_t handle;
	uint16_t priority;
	char name[NETLINK_NAME]; /* of a bpf filter, its beginning; else empty */
};

/*
 * Lists the filters of a clsact hook. parent: TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS or
 * TC_H_MIN_EGRESS). Returns how many there are, of which at most room are in list, or -errno.
 */
int netlink_filters(unsigned ifindex, uint32_t parent, struct netlink_filter *list, int room);

/*
 * Whether an ingress qdisc has the place where clsact would be: it has no egress hook. Returns 1, 0
 * or -errno.
 */
int netlink_has_ingress(unsigned ifindex);

#endif
