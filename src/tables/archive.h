/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The archive: the counts of retired slots, so that no host's counters ever decrease. It is kept in
 * memory and in the pinned map mz_past, which outlives the daemon. That map is replaced as a whole:
 * a crash leaves the old archive or the new one.
 */
#ifndef MZ_TABLES_ARCHIVE_H
#define MZ_TABLES_ARCHIVE_H

#include "model/tally.h"
#include "tables.h"

struct archive {
	struct mz_past_head head;
	struct tally_row *rows; /* the first head.rows are sorted by tally_compare(), each once */
	uint32_t count;
	size_t room;
	uint32_t max_rows; /* that archive_compact() leaves */
	uint32_t changes;  /* calls of archive_compact(), which may change all rows */
};

/*
 * Reads the map mz_past pinned in the directory dir; where there is none, the archive is empty.
 * archive: zeroed by the caller, who calls archive_close() in any case. Returns 0; -EUCLEAN where
 * that map is no archive; or another -errno.
 */
int archive_open(struct archive *archive, const char *dir, uint32_t most);
void archive_close(struct archive *archive);

/*
 * Copies an archive: the copy can be changed, and the original stays until the change is committed.
 * The caller closes the copy, too. Returns 0 or -ENOMEM.
 */
int archive_copy(struct archive *copy, const struct archive *archive);

/*
 * Appends a copy of row; archive_compact() sorts it in. A row without an address stands for several
 * addresses of its host. Returns 0; -ENOMEM; or -EUCLEAN where the row is not sound.
 */
int archive_add(struct archive *archive, const struct tally_row *row);

/*
 * Retires an address with these counts: adds them, and those of the address's own row if there is
 * one, to the row of its host. Returns 0 or -ENOMEM.
 */
int archive_retire(struct archive *archive, const struct tally_row *row);

/*
 * Sorts the rows and adds up those of the same address. Where more than max_rows are left, merges
 * addresses into one row per host. Where there are still too many, drops the rows with the fewest
 * packets and counts their traffic as unattributed (MZ_FORGOTTEN), so that totals stay.
 */
void archive_compact(struct archive *archive);

/* Replaces the map pinned in dir. Returns 0, or -errno where the old map stays. */
int archive_commit(const struct archive *archive, const char *dir);

#endif
