/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings of a classifier, which are constants to it once it is loaded: which addresses are
 * tracked, which are the internet, and on which device it is. A change of this struct needs a new
 * MZ_LAYOUT (tables.h), since a daemon compares its settings with those of the hooks that it takes
 * over. Addresses are in network byte order, all other integers in the machine's.
 */
#ifndef MZ_SETTINGS_H
#define MZ_SETTINGS_H

#include <linux/types.h>

#include "counts.h"

#define MZ_OWN	  32  /* router's own addresses in the tracked prefixes, per address family */
#define MZ_LOCALS 128 /* further ranges that are not the internet, per address family */
#define MZ_OTHERS 32  /* prefixes of other tracked interfaces, per address family */
#define MZ_TAGS	  2   /* VLAN tags between a lower device and the tracked interface */
#define MZ_VLANS  64  /* VLANs on an interface that belong to another tracked interface */
#define MZ_MACS	  16  /* MACs of the router on one device */

struct mz_prefix4 {
	__u32 addr;
	__u32 mask;
	__u32 broadcast; /* 0: the prefix has none */
};

struct mz_prefix6 {
	__u32 addr[4];
	__u32 mask[4];
};

struct mz_mac {
	__u8 byte[6];
};

/*
 * Where a hook is on the path of a tracked interface's packets. A packet of a bridge or a VLAN
 * passes several devices, or only some of them where a flowtable forwards it. So all these devices
 * are hooked, and the first hook that sees a packet counts it.
 */
enum mz_place {
	MZ_ALONE, /* on the tracked interface, and no device below it is hooked */
	MZ_UPPER, /* on the tracked interface, a bridge or a VLAN, with hooked devices below it */
	MZ_LOWER, /* on a device below: a port of the bridge, or the device that carries the VLAN */
};

/*
 * The read-only data of a classifier. The daemon loads one classifier for each hooked device of
 * each tracked interface, and replaces it by another when one of these values changes: no packet
 * sees half a change.
 */
struct mz_settings {
	__u16 net;    /* number of the tracked interface: index in map mz_nets */
	__u8 from_ip; /* count bytes from the IP header on instead of the whole frame's */
	__u8 no_link; /* the device has no link layer: packets start with the IP header */
	/* about the maps, set by classifier_load() */
	__u32 slot_count; /* IPv4's and IPv6's together */
	__u32 index_mask; /* entries of mz_index - 1 */
	__u16 preempted;  /* another hook may preempt this one on the same CPU */
	/* where the hook is, and how frames on a lower device differ from the tracked interface's
	 */
	__u8 place;	    /* enum mz_place */
	__u8 depth;	    /* devices from here up to the tracked interface, 0: that itself */
	__u16 mark;	    /* tc_index of a counted packet, plus enum mz_direction; 0: no mark */
	__u16 hooked_twice; /* a second hook of this daemon may follow on the same device */
	__u16 pvid;	    /* port of a bridge with VLAN filtering: VLAN of untagged frames */
	__u8 port_tags;	    /* tags that an untagged frame of that port has on this device: 0, or
			       more where the port is a VLAN and this device carries it */
	__u8 tag_count;	    /* VLAN tags that a frame of the tracked interface has here */
	__u16 tag[MZ_TAGS]; /* their VLAN ids, the outer one first */
	/* VLANs on top of the tracked interface whose frames belong to another tracked interface */
	__u32 vlan_count;
	__u16 vlan[MZ_VLANS];
	/* MACs by which the router sends and receives on this device. A lower device counts only
	 * frames that have one of them; the tracked interface counts those besides its own. */
	__u32 mac_count;
	struct mz_mac mac[MZ_MACS];
	/* tracked prefixes of this interface, and the router's own addresses in them */
	__u32 prefix4_count, own4_count, prefix6_count, own6_count;
	struct mz_prefix4 prefix4[MZ_PREFIXES];
	__u32 own4[MZ_OWN];
	struct mz_prefix6 prefix6[MZ_PREFIXES];
	__u32 own6[MZ_OWN][4];
	/* on a lower device, prefixes of other tracked interfaces: it may belong to those by now */
	__u32 other4_count, other6_count;
	struct mz_prefix4 other4[MZ_OTHERS];
	struct mz_prefix6 other6[MZ_OTHERS];
	/* ranges that are not the internet, beyond those of scope.h */
	__u32 local4_count, local6_count;
	struct mz_prefix4 local4[MZ_LOCALS];
	struct mz_prefix6 local6[MZ_LOCALS];
};

#endif
