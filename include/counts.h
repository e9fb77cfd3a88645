/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directions, reasons and counts, shared by the classifier, the tables and all outputs. */
#ifndef MZ_COUNTS_H
#define MZ_COUNTS_H

#include <linux/types.h>

#define MZ_NETS	    32 /* tracked interfaces */
#define MZ_PREFIXES 16 /* tracked prefixes per interface and address family */

/* As the host sees it: it sends an upload. */
enum mz_direction { MZ_UPLOAD, MZ_DOWNLOAD, MZ_DIRECTIONS };

/* Why a packet could not be attributed to a host. */
enum mz_reason {
	MZ_TABLE_FULL,	  /* no room for another address */
	MZ_INSERT_FAILED, /* the kernel refused the address for another reason */
	MZ_MALFORMED,	  /* the IP header is not whole, or the host's MAC is all zero */
	MZ_FORGOTTEN,	  /* counted for a host whose row the archive had no room for */
	MZ_UNTRACKED,	  /* the address is in no tracked subnet */
	MZ_REASONS
};

/* The traffic of one address, as one CPU counted it. */
struct mz_counts {
	__u64 bytes[MZ_DIRECTIONS];
	__u64 packets[MZ_DIRECTIONS];
};

/* Unattributed traffic: map mz_unattributed, per CPU, at direction * MZ_REASONS + reason. */
struct mz_volume {
	__u64 bytes;
	__u64 packets;
};

/*
 * The tracked interface that a network number stands for: map mz_nets, indexed by that number. An
 * empty name: the number is free.
 */
struct mz_net {
	char ifname[16];
};

_Static_assert(sizeof(struct mz_counts) == 32, "values of mz_counts");
_Static_assert(sizeof(struct mz_volume) == 16, "values of mz_unattributed");
_Static_assert(sizeof(struct mz_net) == 16, "values of mz_nets");

#endif
