/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys and values of the pinned maps. The maps outlive the classifier and the daemon, so a
 * change of anything stored in them needs a new MZ_LAYOUT. The maps' names (mz_passages, mz_past
 * and so on) are a part of the layout, too: they stay where the words in the code change. Addresses
 * are in network byte order, all other integers in the machine's.
 */
#ifndef MZ_TABLES_H
#define MZ_TABLES_H

#include <linux/types.h>

#include "counts.h"

/* The start of the name of the directory in --pin that holds these maps. */
#ifndef MZ_LAYOUT
#define MZ_LAYOUT "v4"
#endif
#ifndef MZ_LAYOUT_PAD
#define MZ_LAYOUT_PAD 0 /* bytes added to a slot, for tests of upgrades */
#endif

/* A host, as its frames identify it. */
struct mz_host {
	__u16 net;   /* network number: index of the tracked interface in map mz_nets */
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

/* In use: by an address of that family. The lowest bit is set while it is being retired. */
enum mz_slot_state {
	MZ_SLOT_NEVER_USED,
	MZ_SLOT_FREE, /* used before */
	MZ_SLOT_HOST4 = 4,
	MZ_SLOT_RETIRING4,
	MZ_SLOT_HOST6,
	MZ_SLOT_RETIRING6
};

/*
 * One address in the tables: map mz_slots, indexed by slot number. Its counts are in map mz_counts,
 * at cpu * slots + slot number.
 *
 * The first half of the slots is for IPv4, the second for IPv6. The stacks mz_spare4 and mz_spare6
 * hold the numbers of unused slots, the lowest on top: so behind the first slot of a half that was
 * never used, none was. Each half has one slot per CPU beyond --max-hosts, since all CPUs may try
 * to insert the last address at once. The classifier writes state last, so a reader that sees it
 * sees the whole key.
 *
 * Only the daemon retires slots. It marks them and deletes their keys, and when no classifier can
 * still be counting in them, it moves their counts to the archive. Only the daemon writes stamp.
 */
struct mz_slot {
	struct mz_host host;
	__u32 addr[4]; /* an IPv4 address is in the first, the others are zero */
	__u32 state;   /* enum mz_slot_state */
	__u32 stamp; /* last traffic, in seconds since boot; retiring: generation of the archive */
	__u8 later[MZ_LAYOUT_PAD];
};

/*
 * The archive of retired slots: map mz_past, which is made anew and replaced as a whole each time.
 * The first MZ_PAST_HEAD values are a struct mz_past_head, each of the others is a row. This format
 * is the same in all layouts from v3 on.
 */
struct mz_past_row {
	__u64 bytes[MZ_DIRECTIONS];
	__u64 packets[MZ_DIRECTIONS];
	__u8 addr[16]; /* all zero: several addresses of the host */
	__u8 mac[6];
	__u8 family; /* AF_INET or AF_INET6 */
	__u8 net;
	__u64 pad;
};

#define MZ_PAST		"mz_past"
#define MZ_PAST_HEAD	5 /* size of the head, in rows */
#define MZ_PAST_REASONS 8 /* room for reasons of later layouts */

struct mz_past_head {
	__u32 generation; /* slots that are retiring with a stamp up to this are in the rows */
	__u32 rows;
	__u32 imported; /* kernel's id of the map mz_slots that was imported last; 0: none */
	__u32 pad;
	struct mz_volume unattributed[MZ_DIRECTIONS][MZ_PAST_REASONS];
};

/*
 * Sizes and offsets of this layout's fields, in bytes, by which a daemon of another layout can read
 * the counts: map mz_geometry, which has one value. The names of the maps, the order of slots and
 * counts (struct mz_slot), mz_nets and mz_past are the same in all layouts.
 */
struct mz_geometry {
	__u32 size; /* of this struct: later layouts may append fields */
	__u32 slot, slot_net, slot_mac, slot_addr, slot_state, slot_stamp;
	__u32 state4, state6; /* of a slot in use; plus 1 while it is being retired */
	__u32 counts, counts_bytes, counts_packets; /* of the two last: upload, then download */
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
	__u64 number;	   /* of the packet: how many were counted before it */
	__u32 depth;	   /* of the hook that counted it, see struct mz_settings */
	__u32 ifindex;	   /* of that hook's device */
};

_Static_assert(sizeof(struct mz_slot) == 32 + MZ_LAYOUT_PAD, "values of mz_slots");
_Static_assert(sizeof(struct mz_last_seen) == 32, "values of mz_passages");
_Static_assert(sizeof(struct mz_key4) == 12, "no padding in a key");
_Static_assert(sizeof(struct mz_key6) == 24, "no padding in a key");
_Static_assert(sizeof(struct mz_past_row) == 64, "values of mz_past");
_Static_assert(sizeof(struct mz_past_head) <= MZ_PAST_HEAD * sizeof(struct mz_past_row),
	"the head of mz_past");
_Static_assert((int)MZ_REASONS <= MZ_PAST_REASONS, "all reasons fit into the head");

#endif
