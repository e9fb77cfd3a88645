/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's announcements of changed links, addresses, routes, qdiscs and filters. */
#ifndef MZ_NET_CHANGES_H
#define MZ_NET_CHANGES_H

#include <stdbool.h>

struct changes; /* a subscription to them, in this network namespace */

/* Returns a subscription, for changes_close(); NULL with errno. */
struct changes *changes_watch(void);
void changes_close(struct changes *changes); /* accepts NULL */

/* A descriptor that is readable when something changed. It stays the subscription's. */
int changes_fd(const struct changes *changes);

/*
 * Drains the pending announcements, at most a thousand at once: the descriptor stays readable while
 * there are more. Returns whether one of them matters. All do but routes out of devices that
 * concerns(context, ifindex) refuses, as a large router's routes change all the time.
 */
bool changes_drain(struct changes *changes, bool (*concerns)(const void *context, unsigned ifindex),
	const void *context);

#endif
