/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NET_ADDRESSES_H
#define MZ_NET_ADDRESSES_H

#include <net/if.h>

#include "base/prefix.h"

/* An address that this machine holds, deprecated ones included. */
struct address {
	struct prefix own;    /* itself: all bits */
	struct prefix subnet; /* that it is on; on a point-to-point link, of the other end */
	char ifname[IFNAMSIZ];
};

/* All addresses of all interfaces. *list: to be freed. Returns their number or -errno. */
int addresses_own(struct address **list);

#endif
