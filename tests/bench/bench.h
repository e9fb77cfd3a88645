/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by all benchmarks. Each prints one line per figure, with tabs between its fields: the
 * subject, the figure, its unit, its goal ("<= 5"; empty: none), and a remark. script/bench prints
 * them in columns, and those with a goal as a table.
 */
#ifndef BENCH_H
#define BENCH_H

#include <time.h>

static inline double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* For qsort(3), of doubles. */
static inline int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#endif
