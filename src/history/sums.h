/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic on the four counters of a row. */
#ifndef MZ_HISTORY_SUMS_H
#define MZ_HISTORY_SUMS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "counts.h"

static inline void sums_add(struct mz_counts *sum, const struct mz_counts *counts)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		sum->bytes[d] += counts->bytes[d];
		sum->packets[d] += counts->packets[d];
	}
}

static inline void sums_subtract(struct mz_counts *sum, const struct mz_counts *counts)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		sum->bytes[d] -= counts->bytes[d];
		sum->packets[d] -= counts->packets[d];
	}
}

static inline bool sums_are_zero(const struct mz_counts *counts)
{
	static const struct mz_counts none;

	return memcmp(counts, &none, sizeof(none)) == 0;
}

/* Whether none of the four is below those of other. */
static inline bool sums_have_reached(const struct mz_counts *counts, const struct mz_counts *other)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++)
		if (counts->bytes[d] < other->bytes[d] || counts->packets[d] < other->packets[d])
			return false;
	return true;
}

/* What a number that rises evenly from from to to is after elapsed of length units of time. */
static inline uint64_t sums_between(uint64_t from, uint64_t to, uint64_t elapsed, uint64_t length)
{
	uint64_t rise = to - from;

	return from + rise / length * elapsed + rise % length * elapsed / length;
}

#endif
