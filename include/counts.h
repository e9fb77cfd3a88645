/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted, in the words that the classifier, the tables and all outputs share. */
#ifndef MZ_COUNTS_H
#define MZ_COUNTS_H

#include <linux/types.h>

#define MZ_NETS	    32 /* tracked interfaces */
#define MZ_PREFIXES 16 /* tracked prefixes of one interface and one address family */

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

/* Packets booked on nobody: map mz_unattributed, indexed by direction * MZ_REASONS + reason. */
struct mz_volume {
	__u64 bytes;
	__u64 packets;
};

/* The value of map mz_nets: which interface a net number stands for. Empty: free. */
struct mz_net {
	char ifname[16];
};

_Static_assert(sizeof(struct mz_counts) == 32, "values of mz_counts");
_Static_assert(sizeof(struct mz_volume) == 16, "values of mz_unattributed");
_Static_assert(sizeof(struct mz_net) == 16, "values of mz_nets");

#endif
