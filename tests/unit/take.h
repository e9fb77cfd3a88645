/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes snapshots outside of shared memory. */
#ifndef TAKE_H
#define TAKE_H

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/snapshot_fill.h"

/* Replaces *snapshot, which is NULL at first. The caller frees it. */
static inline void take_snapshot(struct snapshot **snapshot, const struct tally *tally,
	struct names *names, uint64_t taken_ms)
{
	bool first = !*snapshot;

	*snapshot = realloc(*snapshot, snapshot_needed(tally, names, *snapshot));
	assert_non_null(*snapshot);
	if (first)
		memset(*snapshot, 0, sizeof(**snapshot));
	snapshot_fill(*snapshot, tally, names, taken_ms);
}

#endif
