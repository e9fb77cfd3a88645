/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel has counted so far, as of the last reading: one row per MAC, address and
 * interface. Readers (tables/counters.h, model/tally_text.h) fill a tally; daemon/snapshot_fill.h
 * makes snapshots of it.
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
	uint64_t last_seen_s; /* when its last packet passed, seconds since boot; 0: not known */
	/* The rest is the row's key. */
	uint8_t addr[16]; /* network byte order; IPv4 uses the first four; all zero: the sum of a
			     host's retired addresses */
	uint8_t mac[6];	  /* all zero: a device without link layer */
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t net;	  /* index into nets */
};

struct tally {
	struct tally_row *rows; /* in the order in which they were added, until tally_sort() */
	uint32_t count, room;	/* of rows */
	uint32_t *slots;	/* hash table of row numbers + 1; a power of two, 2 * room */
	uint32_t slots_mask;
	struct hash_seed seed;
	bool sorted;
	uint32_t version;		  /* changes whenever the set of rows does */
	uint32_t changes;		  /* of the archive, as of the last reading */
	uint32_t entries[2], capacity[2]; /* of the kernel's tables: IPv4, IPv6 */
	uint32_t retired_count;		  /* rows that are no longer in the kernel's tables */
	uint64_t kernel_bytes;		  /* memory of the kernel's tables */
	struct mz_volume unattributed[MZ_DIRECTIONS][MZ_REASONS];
	struct mz_net nets[MZ_NETS];
};

/* Makes an empty tally with a hash seed of its own. */
void tally_init(struct tally *tally);

/* Frees the rows. The tally is empty then, and can be filled again. */
void tally_finish(struct tally *tally);

/*
 * Begins a reading: sets all counts to zero, and keeps the rows. changes: the archive's number of
 * changes. Where it differs from the last reading's, addresses may have left the tables, so the
 * tally begins without rows.
 */
void tally_begin(struct tally *tally, uint32_t changes);

/*
 * Adds row's counts to the row with the same key, or a copy of row where there is none. Allocates
 * only in the latter case. Returns 0, -ENOMEM, or -EUCLEAN where tally_is_sound() is false.
 */
int tally_add(struct tally *tally, const struct tally_row *row);

/*
 * Ends a reading: sorts the rows by MAC, family, address and interface. Does nothing where no row
 * is new.
 */
void tally_sort(struct tally *tally);

/* The order that tally_sort() makes, for qsort(3). */
int tally_compare(const void *a, const void *b);

/*
 * Whether family is AF_INET or AF_INET6 and net below MZ_NETS. Check rows of pinned maps before you
 * use either: any root program may have written to these.
 */
bool tally_is_sound(const struct tally_row *row);

/* A row's net from a slot's 16 bits. What is out of range stays so: it becomes MZ_NETS. */
static inline uint8_t tally_net(uint16_t net)
{
	return net < MZ_NETS ? (uint8_t)net : MZ_NETS;
}

/* Whether the row is the sum of a host's addresses that left the kernel's tables. */
bool tally_is_retired(const struct tally_row *row);

#endif
