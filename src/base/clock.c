// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"

/* Nothing else may be defined here: the linker leaves this file out where a test has its own. */
uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
