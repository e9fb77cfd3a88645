/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history/day_sums.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* How far the start of a day is from that of the same date by another zone, at most. */
#define AROUND INT64_C(129600)

/* The first day that begins at start or later. */
static size_t place_of(const struct day_sums *sums, int64_t start)
{
	size_t low = 0, high = sums->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sums->days[middle].start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct day_sum *day_sums_find(
	const struct day_sums *sums, int64_t start, int64_t end, int64_t date)
{
	size_t at = place_of(sums, start);
	const struct day_sum *day;

	if (at == sums->count)
		return NULL;
	day = &sums->days[at];
	return day->start == start && day->end == end && day->date == date ? day : NULL;
}

static void drop(struct day_sums *sums, size_t at)
{
	sums->row_count -= sums->days[at].count;
	free(sums->days[at].rows);
	sums->count--;
	memmove(&sums->days[at], &sums->days[at + 1], (sums->count - at) * sizeof(*sums->days));
}

void day_sums_add(struct day_sums *sums, const struct day_sum *day)
{
	size_t at = place_of(sums, day->start);
	struct day_sum *grown;

	if (at < sums->count && sums->days[at].start == day->start)
		drop(sums, at);
	grown = array_grow(sums->days, sums->count, &sums->room, 64, sizeof(*sums->days));
	if (!grown)
		return;
	sums->days = grown;
	memmove(&grown[at + 1], &grown[at], (sums->count - at) * sizeof(*grown));
	sums->count++;
	grown[at] = *day;
	grown[at].rows = NULL;
	grown[at].count = 0;
	if (day->has_rows && sums->row_count + day->count <= DAY_SUMS_ROWS)
		grown[at].rows = malloc((day->count + 1) * sizeof(*day->rows));
	grown[at].has_rows = grown[at].rows != NULL;
	if (!grown[at].has_rows)
		return;
	if (day->count)
		memcpy(grown[at].rows, day->rows, day->count * sizeof(*day->rows));
	grown[at].count = day->count;
	sums->row_count += day->count;
}

/* Forgets all days that have a part of [from, to). */
static void forget(struct day_sums *sums, int64_t from, int64_t to)
{
	size_t at;

	if (!sums)
		return;
	/* no two of them overlap, unless the zone has changed: then by a day at most */
	for (at = place_of(sums, to); at > 0 && sums->days[at - 1].start > from - 2 * AROUND; at--)
		if (sums->days[at - 1].end > from)
			drop(sums, at - 1);
}

void day_sums_forget_hour(struct day_sums *sums, int64_t start)
{
	forget(sums, start, start + 1);
}

void day_sums_forget_day(struct day_sums *sums, int64_t start)
{
	forget(sums, start - AROUND, start + AROUND);
}

void day_sums_free(struct day_sums *sums)
{
	if (!sums)
		return;
	for (size_t i = 0; i < sums->count; i++)
		free(sums->days[i].rows);
	free(sums->days);
	*sums = (struct day_sums){0};
}
