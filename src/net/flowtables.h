/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flowtables of nftables that hand flows to the hardware (flags offload): no hook on the CPU sees
 * those packets. Followed as they come and go.
 */
#ifndef MZ_NET_FLOWTABLES_H
#define MZ_NET_FLOWTABLES_H

#include <stdbool.h>

struct flowtables;

/* NULL with errno; EPROTONOSUPPORT on a kernel without nftables, which has none. */
struct flowtables *flowtables_watch(void);
void flowtables_close(struct flowtables *flowtables); /* accepts NULL */

/* Readable when rules changed: call flowtables_offloaded() then. */
int flowtables_fd(const struct flowtables *flowtables);

/*
 * Whether there is one now. Forgets what was announced; looks again only if a flowtable or a table
 * came or went, or announcements were lost. name: set to "family table flowtable" of one that is.
 */
bool flowtables_offloaded(struct flowtables *flowtables, char name[128]);

#endif
