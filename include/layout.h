/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the classifier and the daemon share: the keys and values of the pinned maps, the settings a
 * classifier is loaded with, and their names. The maps outlive both, so a change of anything that
 * is stored in one of them needs a new MZ_LAYOUT. Addresses are in network byte order, all other
 * integers in the machine's.
 */
#ifndef MZ_LAYOUT_H
#define MZ_LAYOUT_H

#include <linux/types.h>

/* Begins the name of the directory under --pin that holds these maps. */
#ifndef MZ_LAYOUT
#define MZ_LAYOUT "v4"
#endif
#ifndef MZ_LAYOUT_PAD
#define MZ_LAYOUT_PAD 0 /* bytes that make a slot larger, for tests of upgrades */
#endif

#define MZ_NETS	    32	/* tracked interfaces */
#define MZ_PREFIXES 16	/* tracked prefixes of one interface and one address family */
#define MZ_SELVES   32	/* the router's own addresses in them, a family */
#define MZ_LOCALS   128 /* further ranges that are not the internet, a family */
#define MZ_OTHERS   32	/* prefixes of other tracked interfaces, a family */
#define MZ_TAGS	    2	/* VLAN tags between a lower device and the tracked interface */
#define MZ_VLANS    64	/* VLANs on an interface that are of another tracked one */
#define MZ_MACS	    16	/* MACs by which the router is addressed on a device, beside its own */

/* Seen from the host: an upload is what it sends. */
enum mz_direction { MZ_UPLOAD, MZ_DOWNLOAD, MZ_DIRECTIONS };

/* Why a packet could not be booked on a host. */
enum mz_reason {
	MZ_TABLE_FULL,	  /* no room for one more address */
	MZ_INSERT_FAILED, /* the kernel refused the insert for another reason */
	MZ_MALFORMED,	  /* an IP packet that ends before its addresses do, or of MAC 0 */
	MZ_FORGOTTEN,	  /* was booked on a host that had to make room: never by the classifier */
	MZ_UNTRACKED,	  /* of an address in no tracked subnet */
	MZ_REASONS
};

/* What one address moved as one CPU saw it. */
struct mz_counts {
	__u64 bytes[MZ_DIRECTIONS];
	__u64 packets[MZ_DIRECTIONS];
};

/* A host as its frames show it. net is the interface's index in the map mz_nets. */
struct mz_host {
	__u16 net;
	__u8 mac[6]; /* all zero on a device without link layer */
};

/* Keys of the maps mz_hosts4 and mz_hosts6, whose values are slot numbers (__u32). */
struct mz_key4 {
	struct mz_host host;
	__u32 addr;
};

struct mz_key6 {
	struct mz_host host;
	__u32 addr[4];
};

/* A host's slot that is leaving has the lowest bit set as well. */
enum mz_slot_state {
	MZ_SLOT_VIRGIN,
	MZ_SLOT_FREE,
	MZ_SLOT_HOST4 = 4,
	MZ_SLOT_LEAVING4,
	MZ_SLOT_HOST6,
	MZ_SLOT_LEAVING6
};

/*
 * One address in the tables: map mz_slots, indexed by slot number. Its counts are in the map
 * mz_counts, at cpu * slots + slot number. The first half of the slots is for IPv4, the second for
 * IPv6; numbers are handed out by the stacks mz_spare4 and mz_spare6, the lowest first, so those
 * behind the first virgin slot of a half are virgin too. Each half has a slot for each CPU beyond
 * --max-hosts: all CPUs may try to be the first with the last address. state is written last when a
 * slot is taken, so a reader that sees it sees all of the key.
 *
 * The daemon alone takes slots away: it marks them as leaving and deletes their keys, and once no
 * classifier can still be counting there, their counts become a part of the past. stamp is its own.
 */
struct mz_slot {
	struct mz_host host;
	__u32 addr[4]; /* an IPv4 address is in the first, the others are zero */
	__u32 state;   /* enum mz_slot_state */
	__u32 stamp;   /* second since boot of the last traffic; leaving: generation of the past */
	__u8 later[MZ_LAYOUT_PAD];
};

/*
 * What was counted in slots that are no more: map mz_past, made anew and replaced as a whole each
 * time. The first MZ_PAST_HEAD values are a struct mz_past_head, each of the others is a row.
 * This format is the same in all layouts from v3 on.
 */
struct mz_past_row {
	__u64 bytes[MZ_DIRECTIONS];
	__u64 packets[MZ_DIRECTIONS];
	__u8 addr[16]; /* all zero: of a host's addresses together */
	__u8 mac[6];
	__u8 family; /* AF_INET or AF_INET6 */
	__u8 net;
	__u64 pad;
};

#define MZ_PAST		"mz_past"
#define MZ_PAST_HEAD	5 /* rows' worth of head */
#define MZ_PAST_REASONS 8 /* room for those of later layouts */

/* Packets booked on nobody: map mz_unattributed, indexed by direction * MZ_REASONS + reason. */
struct mz_volume {
	__u64 bytes;
	__u64 packets;
};

struct mz_past_head {
	__u32 generation; /* slots that are leaving with this stamp, or an earlier one, are in it */
	__u32 rows;
	__u32 imported; /* kernel's id of the slots' map of the last layout that went into it */
	__u32 pad;
	struct mz_volume unattributed[MZ_DIRECTIONS][MZ_PAST_REASONS];
};

/*
 * Map mz_geometry, of one value: where things lie in the maps of this layout, so that a daemon of
 * another one can take the counts over. In bytes; the first field tells how many of the others
 * there are. Slots and counts are arrays as described at struct mz_slot, the maps' names, mz_nets
 * and mz_past are the same in all layouts.
 */
struct mz_geometry {
	__u32 size; /* of this struct: later layouts may append to it */
	__u32 slot, slot_net, slot_mac, slot_addr, slot_state, slot_stamp;
	__u32 state4, state6; /* of a slot in use; plus 1 where it is leaving */
	__u32 counts, counts_bytes, counts_packets; /* the latter an upload's, then a download's */
	__u32 reasons;
};

/* The value of map mz_nets: which interface a net number stands for. Empty: free. */
struct mz_net {
	char ifname[16];
};

struct mz_prefix4 {
	__u32 addr;
	__u32 mask;
	__u32 broadcast; /* 0 where the prefix has none */
};

struct mz_prefix6 {
	__u32 addr[4];
	__u32 mask[4];
};

/*
 * The last packet of a hook that has others before or behind it on a packet's way: map mz_passages,
 * per CPU, indexed by enum mz_direction of what passes. A packet that the stack carries on to the
 * next hook at once is known there by its print.
 */
struct mz_passage {
	__u64 print;   /* of the packet's addresses, length and identification */
	__u64 jiffies; /* when it was counted */
	__u64 number;  /* counts up, so that a later hook knows whether it saw this one */
	__u32 depth;   /* of the hook that counted it, */
	__u32 ifindex; /* and its device */
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

_Static_assert(sizeof(struct mz_counts) == 32, "values of mz_counts");
_Static_assert(sizeof(struct mz_slot) == 32 + MZ_LAYOUT_PAD, "values of mz_slots");
_Static_assert(sizeof(struct mz_passage) == 32, "values of mz_passages");
_Static_assert(sizeof(struct mz_key4) == 12, "no padding in a key");
_Static_assert(sizeof(struct mz_key6) == 24, "no padding in a key");
_Static_assert(sizeof(struct mz_volume) == 16, "values of mz_unattributed");
_Static_assert(sizeof(struct mz_past_row) == 64, "values of mz_past");
_Static_assert(sizeof(struct mz_past_head) <= MZ_PAST_HEAD * sizeof(struct mz_past_row),
	"the head of mz_past");
_Static_assert((int)MZ_REASONS <= MZ_PAST_REASONS, "all reasons are in the past's head");
_Static_assert(sizeof(struct mz_net) == 16, "values of mz_nets");

#endif
