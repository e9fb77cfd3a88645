/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel has counted so far, as the last reading found it: the plain model that readers
 * (maps.h, rows.h) fill and that snapshots are made from.
 */
#ifndef MZ_MODEL_TALLY_H
#define MZ_MODEL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "counts.h"

struct tally_row {
	struct mz_counts counts;
	uint64_t last_seen_s; /* when it last moved something, seconds since boot; 0: not known */
	/* network byte order; IPv4 uses the first four; all zero: of a host's retired addresses */
	uint8_t addr[16];
	uint8_t mac[6];
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t net;
};

struct tally {
	struct tally_row *rows; /* in the order they were first seen, then sorted */
	uint32_t count, room;
	uint32_t *slots; /* hash of row numbers + 1; a power of two, at least twice count */
	uint32_t slots_mask;
	struct hash_seed seed;
	bool sorted;
	uint32_t version;		  /* another one whenever there are other rows */
	uint32_t changes;		  /* of the past, as of the last reading */
	uint32_t entries[2], capacity[2]; /* of the kernel tables: IPv4, IPv6 */
	uint32_t retired_count;		  /* rows that are no more in the kernel's tables */
	uint64_t kernel_bytes;
	struct mz_volume unattributed[MZ_DIRECTIONS][MZ_REASONS];
	struct mz_net nets[MZ_NETS];
};

void tally_init(struct tally *tally);
void tally_finish(struct tally *tally);

/*
 * Before a reading: all counts become zero. changes: of the past. Where these are others than last
 * time, addresses may have left, and the rows begin anew.
 */
void tally_begin(struct tally *tally, uint32_t changes);

/* Adds what one address moved. Allocates only for an address not seen before. row: a copy is taken.
 * Returns 0, -ENOMEM, or -EUCLEAN where the row is not sound. */
int tally_add(struct tally *tally, const struct tally_row *row);

/*
 * Sorts the rows by MAC, family, address and interface: call after a reading. Does nothing while
 * no new address has come.
 */
void tally_sort(struct tally *tally);

/* The order that tally_sort() makes, for qsort(). */
int tally_compare(const void *a, const void *b);

/*
 * Whether family and net are some that there can be: to be asked before they are used, where the
 * row is from a pinned map that anybody may have filled.
 */
bool tally_is_sound(const struct tally_row *row);

/* A slot's net, as a row has it; one that there cannot be stays such. */
static inline uint8_t tally_net(uint16_t net)
{
	return net < MZ_NETS ? (uint8_t)net : MZ_NETS;
}

/* Whether the row is of a host's addresses that left the tables, together. */
bool tally_is_retired(const struct tally_row *row);

#endif
