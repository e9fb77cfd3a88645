/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monotonic clock in the hands of a test, instead of src/base/clock.c: it runs as it does, but
 * a test can move it ahead, or stop it.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#include "base/clock.h"

static uint64_t clock_ahead_us;	  /* of the system's */
static uint64_t clock_stopped_us; /* what the system's showed then; 0: it runs */

uint64_t clock_us(clockid_t clock)
{
	struct timespec now;
	uint64_t us;

	clock_gettime(clock, &now);
	us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	if (clock != CLOCK_MONOTONIC)
		return us;
	return (clock_stopped_us ? clock_stopped_us : us) + clock_ahead_us;
}

static inline void clock_advance(uint64_t ms)
{
	clock_ahead_us += ms * 1000;
}

static inline void clock_stop(void)
{
	clock_stopped_us = clock_us(CLOCK_MONOTONIC) - clock_ahead_us;
}

static inline void clock_run(void)
{
	clock_stopped_us = 0;
}

#endif
