// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash.h"

#include <sys/random.h>
#include <time.h>

void hash_seed_draw(struct hash_seed *seed)
{
	struct timespec now;

	if (getrandom(seed, sizeof(*seed), GRND_NONBLOCK) == sizeof(*seed))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	seed->word[0] = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec;
	seed->word[1] = (uint64_t)(uintptr_t)seed ^ (uint64_t)now.tv_nsec << 20;
}
