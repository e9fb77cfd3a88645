/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all benchmarks do alike. They print a line for each figure: what it is of, the figure, its
 * unit, its goal ("<= 5"; empty: none), and how it was found or what else is known, with a tab
 * between each two. script/bench puts them in columns, and those with a goal in a table.
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
