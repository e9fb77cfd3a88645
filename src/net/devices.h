/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says about network devices, as far as it matters where packets pass. */
#ifndef MZ_NET_DEVICES_H
#define MZ_NET_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

enum device_kind { DEVICE_OTHER, DEVICE_BRIDGE, DEVICE_VLAN, DEVICE_MACVLAN };

struct device {
	unsigned index;
	unsigned master;  /* index of the bridge whose port it is; 0: none */
	unsigned carrier; /* of a VLAN or macvlan: index of the device below it; 0: elsewhere */
	enum device_kind kind;
	uint16_t type;	/* ARPHRD_... of linux/if_arp.h */
	uint16_t vlan;	/* of a VLAN: its id */
	uint16_t pvid;	/* of a bridge and its ports: the VLAN of untagged frames; 0: none */
	bool filtering; /* a bridge that tells VLANs apart */
	uint64_t moved; /* packets, in and out, in its life */
	bool xdp;	/* an XDP program hangs there */
	uint8_t mac[6]; /* zero where addresses are not of that length */
	char name[16];
};

/* All devices of this network namespace. *list: to be freed. Returns their number or -errno. */
int devices_list(struct device **list);

struct nlmsghdr;

/* The VLAN of untagged frames, by the kernel's answer about a bridge's port; 0: none. */
uint16_t devices_pvid(const struct nlmsghdr *message);

/* What one of them moved by now. Returns 0 or -errno. */
int devices_moved(unsigned index, uint64_t *moved);

#endif
