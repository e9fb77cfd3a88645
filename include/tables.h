/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys and values of the pinned maps. The maps outlive the classifier and the daemon, so a
 * change of anything that is stored in one of them needs a new MZ_LAYOUT. Addresses are in network
 * byte order, all other integers in the machine's.
 */
#ifndef MZ_TABLES_H
#define MZ_TABLES_H

#include <linux/types.h>

#include "counts.h"

/* Begins the name of the directory under --pin that holds these maps. */
#ifndef MZ_LAYOUT
#define MZ_LAYOUT "v4"
#endif
#ifndef MZ_LAYOUT_PAD
#define MZ_LAYOUT_PAD 0 /* bytes that make a slot larger, for tests of upgrades */
#endif

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

/*
 * The last packet that a hook counted, of the hooks that have others before or behind them on a
 * packet's path. The kernel carries a packet from one hook to the next without a pause, so the next
 * one recognizes it by its fingerprint. Map mz_passages, per CPU, indexed by the direction of what
 * passes. The map's name is part of layout v4, as its values' format is: both stay.
 */
struct mz_last_seen {
	__u64 fingerprint; /* of the packet's addresses, length and identification */
	__u64 jiffies;	   /* when it was counted */
	__u64 number;	   /* counts up, so that a later hook knows whether it saw this one */
	__u32 depth;	   /* of the hook that counted it, */
	__u32 ifindex;	   /* and its device */
};

_Static_assert(sizeof(struct mz_slot) == 32 + MZ_LAYOUT_PAD, "values of mz_slots");
_Static_assert(sizeof(struct mz_last_seen) == 32, "values of mz_passages");
_Static_assert(sizeof(struct mz_key4) == 12, "no padding in a key");
_Static_assert(sizeof(struct mz_key6) == 24, "no padding in a key");
_Static_assert(sizeof(struct mz_past_row) == 64, "values of mz_past");
_Static_assert(sizeof(struct mz_past_head) <= MZ_PAST_HEAD * sizeof(struct mz_past_row),
	"the head of mz_past");
_Static_assert((int)MZ_REASONS <= MZ_PAST_REASONS, "all reasons are in the past's head");

#endif
