/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flowtables of nftables with "flags offload". The hardware forwards their packets, so no hook sees
 * them. Follows them as they come and go.
 */
#ifndef MZ_NET_FLOWTABLES_H
#define MZ_NET_FLOWTABLES_H

#include <stdbool.h>

struct flowtables;

/*
 * Returns a subscription to changes, for flowtables_close(); NULL with errno. EPROTONOSUPPORT: the
 * kernel has no nftables, and so no flowtables.
 */
struct flowtables *flowtables_watch(void);
void flowtables_close(struct flowtables *flowtables); /* accepts NULL */

/* Readable after rules changed: call flowtables_offloaded() then. It stays the subscription's. */
int flowtables_fd(const struct flowtables *flowtables);

/*
 * Whether there is such a flowtable now. Drains all pending announcements. Asks the kernel only
 * where a table or a flowtable came or went, or announcements were lost; where it does not answer,
 * the last answer holds. name: set to "family table flowtable" of one of them.
 */
bool flowtables_offloaded(struct flowtables *flowtables, char name[128]);

#endif
