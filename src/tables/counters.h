/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the kernel's tables, and the past, to the tally. */
#ifndef MZ_TABLES_COUNTERS_H
#define MZ_TABLES_COUNTERS_H

#include "model/tally.h"
#include "tables/archive.h"
#include "tables/maps.h"

struct counters {
	uint32_t *moved;	   /* packets of each slot as of the last reading: it may wrap */
	struct mz_volume *volumes; /* of all of mz_unattributed, for reading */
	bool begun;		   /* there was a reading before */
};

/* Returns 0 or -ENOMEM; counters_finish() is to follow in any case. */
int counters_init(struct counters *counters, const struct maps *maps);
void counters_finish(struct counters *counters);

/*
 * Adds up all CPUs' counts into tally, sorted, and notes in each slot when it last had traffic.
 * now_s: seconds since boot, suspended ones included. Returns 0 or -errno.
 */
int counters_read(struct counters *counters, struct maps *maps, const struct archive *archive,
	uint32_t now_s, struct tally *tally);

/* What all CPUs counted in one slot. */
struct mz_counts counters_of(const struct maps *maps, uint32_t number);

#endif
