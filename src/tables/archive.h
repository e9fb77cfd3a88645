/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted in slots that are no more, so that no host's counters ever go back. Kept in
 * memory and, as it outlives the daemon, in the pinned map mz_past, which is replaced as a whole: a
 * crash leaves the old past or the new one.
 */
#ifndef MZ_TABLES_ARCHIVE_H
#define MZ_TABLES_ARCHIVE_H

#include "model/tally.h"
#include "tables.h"

struct archive {
	struct mz_past_head head;
	struct tally_row *rows; /* sorted as a tally's, each once */
	uint32_t count, room;
	uint32_t most;	  /* rows that archive_settle() leaves */
	uint32_t changes; /* counts calls of archive_settle(): rows may be others than before */
};

/*
 * Reads the map pinned in the directory dir; there may be none. past: zeroed. Returns 0; -EUCLEAN
 * where it is not such a map; or another -errno.
 */
int archive_open(struct archive *archive, const char *dir, uint32_t most);
void archive_close(struct archive *archive);

/* To change one and keep the other until the change is committed. Returns 0 or -ENOMEM. */
int archive_copy(struct archive *copy, const struct archive *archive);

/*
 * Adds a row at the end; archive_settle() puts it where it belongs. One without addresses stands
 * for all that left of a host. row: a copy is taken. Returns 0, -ENOMEM, or -EUCLEAN where it is
 * not sound.
 */
int archive_add(struct archive *archive, const struct tally_row *row);

/*
 * The address leaves with these counts: its host's row gets them, and what it had here before.
 * Returns 0 or -ENOMEM.
 */
int archive_retire(struct archive *archive, const struct tally_row *row);

/*
 * Sorts, adds up equal rows, and where there are too many lets addresses join their hosts, and then
 * forgets those that moved the fewest packets. Nothing is lost: that becomes unattributed.
 */
void archive_settle(struct archive *archive);

/* Replaces the map pinned in dir. Returns 0, or -errno: the old one stays. */
int archive_commit(const struct archive *archive, const char *dir);

#endif
