/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No descriptor makes a loop take the whole CPU, whatever is wrong with it. */
#ifndef MZ_BASE_THROTTLE_H
#define MZ_BASE_THROTTLE_H

#include <stdint.h>

#include "base/log.h"

struct throttle {
	uint64_t window_ms; /* since when rounds are counted; monotonic */
	unsigned rounds;
	struct log_limit told;
};

/* To be called each time round: pauses where there were more than limit of them in 100 ms. */
void throttle(struct throttle *throttle, unsigned limit);

#endif
