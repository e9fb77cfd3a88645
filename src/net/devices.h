/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network devices of this network namespace, and how they are stacked. */
#ifndef MZ_NET_DEVICES_H
#define MZ_NET_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

enum device_kind { DEVICE_OTHER, DEVICE_BRIDGE, DEVICE_VLAN, DEVICE_MACVLAN };

struct device {
	unsigned index;
	unsigned master; /* of a bridge's port: the bridge's index; 0: no port */
	unsigned lower;	 /* of a VLAN or macvlan: index of the device below it; 0: none, or it is in
			    another network namespace */
	enum device_kind kind;
	uint16_t type;	     /* ARPHRD_... of linux/if_arp.h */
	uint16_t vlan;	     /* of a VLAN: its VLAN id */
	uint16_t pvid;	     /* of a bridge or its port: VLAN id of untagged frames; 0: none */
	bool vlan_filtering; /* of a bridge */
	uint64_t packets;    /* received and sent since it was made */
	bool xdp;	     /* an XDP program is attached */
	uint8_t mac[6];	     /* all zero where the device has no such address */
	char name[16];
};

/*
 * Lists all devices. *list: set on success, the caller frees it. Returns their number, or -errno;
 * -EINTR: a change disturbed the kernel's answer, so try again.
 */
int devices_list(struct device **list);

struct nlmsghdr;

/* The VLAN id of untagged frames in the kernel's RTM_NEWLINK about a bridge's port; 0: none. */
uint16_t devices_pvid(const struct nlmsghdr *message);

/* Sets *packets as in struct device, for the device of that index. Returns 0 or -errno. */
int devices_packets(unsigned index, uint64_t *packets);

#endif
