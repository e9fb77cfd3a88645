/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NET_ADDRESSES_H
#define MZ_NET_ADDRESSES_H

#include <net/if.h>

#include "base/prefix.h"

/* An address of this machine; deprecated ones count as well. */
struct address {
	struct prefix own;    /* the address, with all its bits */
	struct prefix subnet; /* its subnet; on a point-to-point link, the other end's */
	char ifname[IFNAMSIZ];
};

/*
 * Lists all addresses of all interfaces. *list: set on success, the caller frees it. Returns their
 * number or -errno.
 */
int addresses_own(struct address **list);

#endif
