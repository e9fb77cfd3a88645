/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local time. A table of the zone's offsets is made once by localtime_r(3), before the sandbox:
 * after that, no function of libc that knows zones is called. mktime(3) is not used at all, since
 * it is wrong on days without a midnight, and differs between libcs.
 */
#ifndef MZ_HISTORY_ZONE_H
#define MZ_HISTORY_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct zone {
	char name[64]; /* as users know it: Europe/Berlin, or a POSIX string */
	struct zone_change {
		int64_t at;	/* from here on; seconds since 1970, as all times here */
		int32_t offset; /* of local time, in seconds east of UTC */
	} * changes;		/* the first one is at INT64_MIN */
	size_t count;
	int64_t end; /* the table is right until then */
};

/* Where the zone comes from; a test sets other paths. The last one only gives it a name. */
enum { ZONE_TZ, ZONE_LOCALTIME, ZONE_TIMEZONE, ZONE_PATHS };
extern const char *zone_paths[ZONE_PATHS];

/* The first two of these files, to see that they changed. */
struct zone_files {
	struct {
		dev_t device;
		ino_t inode;
		int64_t modified_ns;
		int64_t size;
	} file[2];
};

/*
 * Reads the zone: of TZ as the process was given it, or else of /etc/TZ (OpenWrt), or else of
 * /etc/localtime. Sets TZ. Makes a table from the time from to two years after now. A zone that
 * cannot be read is UTC, and name says so. Returns 0 or -ENOMEM. The caller frees.
 */
int zone_load(struct zone *zone, int64_t from, int64_t now);
void zone_free(struct zone *zone);

/* By stat(2) alone, which Landlock does not restrict. */
void zone_files_look(struct zone_files *files);
bool zone_files_same(const struct zone_files *a, const struct zone_files *b);

int32_t zone_offset(const struct zone *zone, int64_t t);

/* The hour that t is in: from a full local hour, or a change of offset, to the next one. */
void zone_hour(const struct zone *zone, int64_t t, int64_t *start, int64_t *end);

/*
 * The local date of t, as days since 1970-01-01. Where the clock is put back over midnight, the
 * new day goes on: days are intervals of time, one behind the other.
 */
int64_t zone_day_of(const struct zone *zone, int64_t t);

/* The first instant whose local date is day, or a later one where that date was skipped. */
int64_t zone_day_start(const struct zone *zone, int64_t day);

/*
 * The first day of the month that day is in, where months begin on the day first (1 to 28), and
 * that of the next one.
 */
void zone_month(int64_t day, int first, int64_t *start, int64_t *end);

#endif
