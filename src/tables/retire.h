/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes room in the kernel's tables. The slots of addresses that were silent for long are retired,
 * and their counts move to the archive. Where a table is nearly full, a minute of silence is
 * enough, and addresses with the fewest packets go first, as forged ones have few.
 */
#ifndef MZ_TABLES_RETIRE_H
#define MZ_TABLES_RETIRE_H

#include "tables/archive.h"
#include "tables/maps.h"

struct retire {
	uint32_t retiring;  /* slots that are marked as retiring */
	uint64_t marked_ms; /* CLOCK_MONOTONIC of the last search for slots to retire */
};

/*
 * To be called after maps and archive were opened: finishes what a crash interrupted. now_ms:
 * CLOCK_MONOTONIC. Returns 0 or -errno.
 */
int retire_start(
	struct retire *retire, struct maps *maps, const struct archive *archive, uint64_t now_ms);

/*
 * To be called after each counters_read(). One call marks slots as retiring; a call at least a
 * second later moves their counts to the archive and frees them. dir: where the archive is pinned.
 * entries: addresses in the IPv4 and in the IPv6 table. idle_s: the silence after which an address
 * is retired. now_s: as in counters_read(). now_ms: CLOCK_MONOTONIC. Returns 1 where the archive
 * has changed; 0; or -errno.
 */
int retire_step(struct retire *retire, struct maps *maps, struct archive *archive, const char *dir,
	const uint32_t entries[2], uint32_t idle_s, uint32_t now_s, uint64_t now_ms);

#endif
