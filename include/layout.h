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

#define MZ_LAYOUT "v1" /* the directory under --pin that holds these maps */

#define MZ_NETS	    32	/* tracked interfaces */
#define MZ_PREFIXES 8	/* tracked prefixes of one interface and one address family */
#define MZ_SELVES   32	/* the router's own addresses in them, a family */
#define MZ_LOCALS   128 /* further ranges that are not the internet, a family */

/* Seen from the host: an upload is what it sends. */
enum mz_direction { MZ_UPLOAD, MZ_DOWNLOAD, MZ_DIRECTIONS };

/* Why a packet could not be booked on a host. */
enum mz_reason {
	MZ_TABLE_FULL,	  /* no room for one more address */
	MZ_INSERT_FAILED, /* the kernel refused the insert for another reason */
	MZ_MALFORMED,	  /* an IP packet that ends before its addresses do */
	MZ_REASONS
};

/* What one address moved, one of these per CPU. */
struct mz_counts {
	__u64 bytes[MZ_DIRECTIONS];
	__u64 packets[MZ_DIRECTIONS];
};

/* A host as its frames show it. net is the interface's index in the map mz_nets. */
struct mz_host {
	__u16 net;
	__u8 mac[6];
};

struct mz_key4 {
	struct mz_host host;
	__u32 addr;
};

struct mz_key6 {
	struct mz_host host;
	__u32 addr[4];
};

/* Packets booked on nobody: map mz_unattributed, indexed by direction * MZ_REASONS + reason. */
struct mz_volume {
	__u64 bytes;
	__u64 packets;
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
 * The read-only data of a classifier: one is loaded for each tracked interface, and replaced by
 * another when something in here changes, so a packet never sees half a change.
 */
struct mz_settings {
	__u16 net;
	__u8 from_ip; /* count bytes from the IP header on instead of the frame's */
	__u8 pad;
	/* whose: the tracked prefixes of this interface, and the router's addresses in them */
	__u32 prefixes4, selves4, prefixes6, selves6;
	struct mz_prefix4 prefix4[MZ_PREFIXES];
	__u32 self4[MZ_SELVES];
	struct mz_prefix6 prefix6[MZ_PREFIXES];
	__u32 self6[MZ_SELVES][4];
	/* what is not the internet, beyond what scope.h knows */
	__u32 locals4, locals6;
	struct mz_prefix4 local4[MZ_LOCALS];
	struct mz_prefix6 local6[MZ_LOCALS];
};

_Static_assert(sizeof(struct mz_counts) == 32, "values of mz_hosts4 and mz_hosts6");
_Static_assert(sizeof(struct mz_key4) == 12, "no padding in a key");
_Static_assert(sizeof(struct mz_key6) == 24, "no padding in a key");
_Static_assert(sizeof(struct mz_volume) == 16, "values of mz_unattributed");
_Static_assert(sizeof(struct mz_net) == 16, "values of mz_nets");

#endif
