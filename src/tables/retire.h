/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes room in the kernel's tables: addresses that were silent for long leave them, and their
 * counts go on as a part of the past. Where a table is nearly full a minute of silence is enough,
 * and those that said least go first, as forged ones do.
 */
#ifndef MZ_TABLES_RETIRE_H
#define MZ_TABLES_RETIRE_H

#include "tables/archive.h"
#include "tables/maps.h"

struct retire {
	uint32_t leaving;   /* slots that are */
	uint64_t marked_ms; /* since when, monotonic; else when they were last looked for */
};

/* After maps and past were opened: finishes what a crash cut short. Returns 0 or -errno. */
int retire_start(
	struct retire *retire, struct maps *maps, const struct archive *archive, uint64_t now_ms);

/*
 * A step, to be taken after each reading: slots are marked in one, and emptied in a later one, a
 * second or more behind it. dir: where the past is pinned. entries: addresses in the IPv4 and the
 * IPv6 table. idle_s: the silence after which an
 * address leaves. now_s: as counters_read() had it; now_ms: monotonic. Returns whether the past has
 * changed, or -errno, with nothing changed.
 */
int retire_step(struct retire *retire, struct maps *maps, struct archive *archive, const char *dir,
	const uint32_t entries[2], uint32_t idle_s, uint32_t now_s, uint64_t now_ms);

#endif
