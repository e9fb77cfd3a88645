/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a snapshot is made: for the keeper only. Outputs include snapshot.h. */
#ifndef MZ_SNAPSHOT_TAKE_H
#define MZ_SNAPSHOT_TAKE_H

#include "names.h"
#include "snapshot.h"
#include "tally.h"

/*
 * Writes into *snapshot (NULL at first, made larger when it has to be, freed by the caller) what
 * tally and names hold; names is told who uses which address. number counts up from one call to the
 * next. Hooks are left as they were. tally: sorted. taken_ms: now, milliseconds since 1970. Returns
 * 0 or -ENOMEM, and then the snapshot is as it was before.
 */
int snapshot_take(struct snapshot **snapshot, const struct tally *tally, struct names *names,
	uint64_t taken_ms);

#endif
