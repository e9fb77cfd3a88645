/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters and qdiscs of traffic control on a device. */
#ifndef MZ_NET_FILTERS_H
#define MZ_NET_FILTERS_H

#include <stdint.h>

#include "counts.h"

#define FILTER_NAME 16

struct filter {
	uint32_t handle;
	uint16_t priority;
	char name[FILTER_NAME]; /* the start of a bpf filter's name; empty: of another kind */
};

/*
 * Lists the filters of a clsact hook, or of the ingress qdisc in its place. direction: MZ_UPLOAD
 * for the ingress hook, MZ_DOWNLOAD for the egress hook. list: the caller's, with room for so many.
 * Returns how many filters there are, which may be more than room, or -errno.
 */
int filters_list(unsigned ifindex, enum mz_direction direction, struct filter *list, int room);

/*
 * Whether the device has an ingress qdisc, which excludes clsact and has no egress hook. Returns 1,
 * 0 or -errno.
 */
int filters_has_ingress(unsigned ifindex);

#endif
