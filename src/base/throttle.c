// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/throttle.h"

#include <unistd.h>

#include "base/clock.h"

#define WINDOW_MS 100
#define PAUSE_MS  10

void throttle(struct throttle *throttle, unsigned limit)
{
	uint64_t now = now_ms();

	if (now >= throttle->window_ms + WINDOW_MS) {
		throttle->window_ms = now;
		throttle->rounds = 0;
	}
	if (++throttle->rounds <= limit)
		return;
	if (log_due(&throttle->told))
		log_warn("more than %u events in %d ms: slowing down", limit, WINDOW_MS);
	usleep(PAUSE_MS * 1000);
}
