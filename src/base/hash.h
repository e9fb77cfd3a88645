/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyed hashes, for tables whose keys clients choose, such as MACs and IPv6 addresses. A client
 * that does not know the seed cannot choose keys that collide.
 */
#ifndef MZ_BASE_HASH_H
#define MZ_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_seed {
	uint64_t word[2];
};

/*
 * Draws a new seed by getrandom(2). Early at boot, before the kernel has random numbers, it uses
 * the clock instead, and the seed can be guessed.
 */
void hash_seed_draw(struct hash_seed *seed);

/* Hashes count words. The upper 32 bits are mixed better than the lower ones. */
static inline uint64_t hash_words(const struct hash_seed *seed, const uint64_t *word, size_t count)
{
	uint64_t hash = seed->word[0];

	for (size_t i = 0; i < count; i++) {
		hash = (hash ^ word[i]) * (seed->word[~i & 1] | 1);
		hash ^= hash >> 32;
		hash *= 0x9e3779b97f4a7c15; /* 2^64 / golden ratio: spreads bits upwards */
		hash ^= hash >> 29;
	}
	return hash;
}

#endif
