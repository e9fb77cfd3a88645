/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hashes for tables whose keys strangers choose, such as their MACs and IPv6 addresses: without the
 * seed nobody can tell which keys meet in one slot.
 */
#ifndef MZ_BASE_HASH_H
#define MZ_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_seed {
	uint64_t word[2];
};

/* Another one each time. Early at boot, before the kernel has random numbers, it can be guessed. */
void hash_seed_draw(struct hash_seed *seed);

/* Of count words. The upper half is the better one. */
static inline uint64_t hash_words(const struct hash_seed *seed, const uint64_t *word, size_t count)
{
	uint64_t hash = seed->word[0];

	for (size_t i = 0; i < count; i++) {
		hash = (hash ^ word[i]) * (seed->word[~i & 1] | 1);
		hash ^= hash >> 32;
		hash *= 0x9e3779b97f4a7c15; /* the golden ratio's fraction, which spreads bits
					       upwards */
		hash ^= hash >> 29;
	}
	return hash;
}

#endif
