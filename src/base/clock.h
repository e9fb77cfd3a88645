/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What time it is, in whole units. Everything that reads a clock does it through clock_us(). A unit
 * test that defines that function itself sets the time: see tests/unit/clock.h.
 */
#ifndef MZ_BASE_CLOCK_H
#define MZ_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds, since when depends on the clock. */
uint64_t clock_us(clockid_t clock);

/* For intervals: setting the clock does not change them. */
static inline uint64_t now_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000;
}

/* Seconds since boot, including those that the machine was suspended. */
static inline uint64_t clock_uptime_s(void)
{
	return clock_us(CLOCK_BOOTTIME) / 1000000;
}

/* Milliseconds since 1970. */
static inline uint64_t clock_date_ms(void)
{
	return clock_us(CLOCK_REALTIME) / 1000;
}

#endif
