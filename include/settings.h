/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a classifier is told when it is loaded: which addresses are whose, and where it hangs. A
 * change needs a new MZ_LAYOUT (tables.h), as a daemon compares settings with those of the hooks it
 * takes over. Addresses are in network byte order, all other integers in the machine's.
 */
#ifndef MZ_SETTINGS_H
#define MZ_SETTINGS_H

#include <linux/types.h>

#include "counts.h"

#define MZ_SELVES 32  /* the router's own addresses in them, a family */
#define MZ_LOCALS 128 /* further ranges that are not the internet, a family */
#define MZ_OTHERS 32  /* prefixes of other tracked interfaces, a family */
#define MZ_TAGS	  2   /* VLAN tags between a lower device and the tracked interface */
#define MZ_VLANS  64  /* VLANs on an interface that are of another tracked one */
#define MZ_MACS	  16  /* MACs by which the router is addressed on a device, beside its own */

struct mz_prefix4 {
	__u32 addr;
	__u32 mask;
	__u32 broadcast; /* 0 where the prefix has none */
};

struct mz_prefix6 {
	__u32 addr[4];
	__u32 mask[4];
};

struct mz_mac {
	__u8 byte[6];
};

/*
 * Where a hook stands. A packet of a bridge or a VLAN passes several devices, or, when a flowtable
 * takes it, only some of them: so all are hooked, and the first that sees a packet counts it.
 */
enum mz_place {
	MZ_ALONE, /* the tracked interface, with nothing hooked below it */
	MZ_UPPER, /* the tracked interface, with others below it: a bridge, a VLAN */
	MZ_LOWER, /* below the tracked interface: a port of the bridge, what carries the VLAN */
};

/*
 * The read-only data of a classifier: one is loaded for each hooked device of each tracked
 * interface, and replaced by another when something in here changes, so a packet never sees half
 * a change.
 */
struct mz_settings {
	__u16 net;
	__u8 from_ip; /* count bytes from the IP header on instead of the frame's */
	__u8 no_link; /* a device without link layer: packets start with the IP header */
	/* of the maps, set by classifier_load() */
	__u32 slots;	  /* in all, IPv4's and IPv6's */
	__u32 index_mask; /* entries of mz_index - 1 */
	__u16 preempted;  /* a hook may be preempted on its CPU by another one */
	/* where: what a lower device's frames have that the tracked interface's have not */
	__u8 place;	    /* enum mz_place */
	__u8 depth;	    /* devices from here up to the tracked interface, 0 for itself */
	__u16 mark;	    /* of counted packets in tc_index, plus enum mz_direction; 0: none */
	__u16 doubled;	    /* one more hook of ours may be behind this one, on the same device */
	__u16 untagged;	    /* port of a bridge with VLAN filtering: the VLAN of untagged frames */
	__u8 bare;	    /* below such a port that is a VLAN: the tags before those frames */
	__u8 tags;	    /* how many VLAN tags lead to the tracked interface, ... */
	__u16 tag[MZ_TAGS]; /* ... and their VLAN ids, the outer one first */
	/* above: VLANs on the tracked interface whose frames are of another tracked one */
	__u32 vlans;
	__u16 vlan[MZ_VLANS];
	/* a frame is the router's, too, when it has one of these as its MAC; of lower devices, only
	 * then */
	__u32 macs;
	struct mz_mac mac[MZ_MACS];
	/* whose: the tracked prefixes of this interface, and the router's addresses in them */
	__u32 prefixes4, selves4, prefixes6, selves6;
	struct mz_prefix4 prefix4[MZ_PREFIXES];
	__u32 self4[MZ_SELVES];
	struct mz_prefix6 prefix6[MZ_PREFIXES];
	__u32 self6[MZ_SELVES][4];
	/* below: prefixes of other tracked interfaces, to which the device may belong by now */
	__u32 others4, others6;
	struct mz_prefix4 other4[MZ_OTHERS];
	struct mz_prefix6 other6[MZ_OTHERS];
	/* what is not the internet, beyond what scope.h knows */
	__u32 locals4, locals6;
	struct mz_prefix4 local4[MZ_LOCALS];
	struct mz_prefix6 local6[MZ_LOCALS];
};

#endif
