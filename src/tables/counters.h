/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the kernel's tables and the archive into a tally. */
#ifndef MZ_TABLES_COUNTERS_H
#define MZ_TABLES_COUNTERS_H

#include "model/tally.h"
#include "tables/archive.h"
#include "tables/maps.h"

struct counters {
	uint32_t *packets;	   /* of each slot at the last reading, modulo 2^32 */
	struct mz_volume *volumes; /* room for all values of mz_unattributed */
	bool has_previous;	   /* packets are of an earlier reading */
};

/* Returns 0 or -ENOMEM. The caller calls counters_finish() in any case. */
int counters_init(struct counters *counters, const struct maps *maps);
void counters_finish(struct counters *counters);

/*
 * Fills tally with the counts of all CPUs and the archive, sorted, and updates the stamp of slots
 * that had traffic. now_s: seconds since boot, including those while the machine was suspended.
 * Returns 0 or -errno.
 */
int counters_read(struct counters *counters, struct maps *maps, const struct archive *archive,
	uint32_t now_s, struct tally *tally);

/* The counts of the slot of that number, of all CPUs. */
struct mz_counts counters_of(const struct maps *maps, uint32_t number);

#endif
