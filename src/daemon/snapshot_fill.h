/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a snapshot is made: for the keeper only. Outputs include snapshot.h. */
#ifndef MZ_DAEMON_SNAPSHOT_FILL_H
#define MZ_DAEMON_SNAPSHOT_FILL_H

#include "model/snapshot.h"
#include "model/tally.h"
#include "names/names.h"

/*
 * How many bytes the next snapshot may take. names is told who uses which address, which tells what
 * snapshot_fill() finds there: to be called right before each. tally: sorted. last: the last one of
 * them, or NULL.
 */
size_t snapshot_needed(const struct tally *tally, struct names *names, const struct snapshot *last);

/*
 * Makes a snapshot of them, in so many bytes, which are zero at first and then those of the last
 * one. number counts up from one to the next. Hooks and interfaces are left as they were. taken_ms:
 * now, milliseconds since 1970.
 */
void snapshot_fill(struct snapshot *s, const struct tally *tally, const struct names *names,
	uint64_t taken_ms);

#endif
