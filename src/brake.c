// SPDX-License-Identifier: GPL-2.0-or-later
#include "brake.h"

#include <time.h>
#include <unistd.h>

#define WINDOW_MS 100
#define PAUSE_MS  10

void brake(struct brake *brake, unsigned limit)
{
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	if (now >= brake->window_ms + WINDOW_MS) {
		brake->window_ms = now;
		brake->rounds = 0;
	}
	if (++brake->rounds <= limit)
		return;
	if (log_due(&brake->told))
		log_warn("more than %u events in %d ms: slowing down", limit, WINDOW_MS);
	usleep(PAUSE_MS * 1000);
}
