/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What time it is, in whole units. */
#ifndef MZ_BASE_CLOCK_H
#define MZ_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* For intervals: setting the clock does not change them. */
static inline uint64_t now_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000;
}

/* Seconds since boot, suspended ones included. */
static inline uint64_t clock_uptime_s(void)
{
	return clock_us(CLOCK_BOOTTIME) / 1000000;
}

#endif
