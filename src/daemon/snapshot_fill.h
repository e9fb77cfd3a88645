/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the keeper makes a snapshot. Outputs include snapshot.h instead. */
#ifndef MZ_DAEMON_SNAPSHOT_FILL_H
#define MZ_DAEMON_SNAPSHOT_FILL_H

#include "model/snapshot.h"
#include "model/tally.h"
#include "names/names.h"

/*
 * How many bytes the next snapshot may need. To be called right before each snapshot_fill(), as it
 * also reports to names which machine uses which address. tally: sorted. last: the last snapshot,
 * or NULL.
 */
size_t snapshot_needed(const struct tally *tally, struct names *names, const struct snapshot *last);

/*
 * Makes a snapshot of tally and names. s: snapshot_needed() bytes, which hold the last snapshot, or
 * zeros at first. Increments number. Leaves hooks and interfaces to snapshot_fill_hooks().
 * taken_ms: now, in milliseconds since 1970.
 */
void snapshot_fill(struct snapshot *s, const struct tally *tally, const struct names *names,
	uint64_t taken_ms);

#endif
