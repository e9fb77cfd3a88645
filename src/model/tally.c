// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A row's key is everything from addr on. */
#define KEY_AT	 offsetof(struct tally_row, addr)
#define KEY_SIZE (sizeof(struct tally_row) - KEY_AT)

_Static_assert(KEY_SIZE == 24, "the key has no padding: it is compared and hashed as bytes");

void tally_init(struct tally *tally)
{
	memset(tally, 0, sizeof(*tally));
	hash_seed_draw(&tally->seed);
}

void tally_finish(struct tally *tally)
{
	free(tally->rows);
	free(tally->slots);
	tally_init(tally);
}

static const void *key_of(const struct tally_row *row)
{
	return (const unsigned char *)row + KEY_AT;
}

static uint32_t hash(const struct tally *tally, const struct tally_row *row)
{
	uint64_t word[KEY_SIZE / 8];

	memcpy(word, key_of(row), KEY_SIZE);
	return (uint32_t)(hash_words(&tally->seed, word, KEY_SIZE / 8) >> 32);
}

/* Returns the slot of the row with row's key, or the free slot for it. */
static uint32_t *find_slot(const struct tally *tally, const struct tally_row *row)
{
	uint32_t at = hash(tally, row) & tally->slots_mask;

	while (tally->slots[at]) {
		const struct tally_row *other = &tally->rows[tally->slots[at] - 1];

		if (memcmp(key_of(other), key_of(row), KEY_SIZE) == 0)
			break;
		at = (at + 1) & tally->slots_mask;
	}
	return &tally->slots[at];
}

static void fill_slots(struct tally *tally)
{
	memset(tally->slots, 0, (tally->slots_mask + (size_t)1) * sizeof(*tally->slots));
	for (uint32_t i = 0; i < tally->count; i++)
		*find_slot(tally, &tally->rows[i]) = i + 1;
}

static int grow(struct tally *tally)
{
	uint32_t room = tally->room ? tally->room * 2 : 64;
	uint32_t *slots = calloc(room * (size_t)2, sizeof(*slots));
	struct tally_row *rows = slots ? realloc(tally->rows, room * sizeof(*rows)) : NULL;

	if (!rows) {
		free(slots);
		return -ENOMEM;
	}
	free(tally->slots);
	tally->slots = slots;
	tally->slots_mask = room * 2 - 1;
	tally->rows = rows;
	tally->room = room;
	fill_slots(tally);
	return 0;
}

void tally_begin(struct tally *tally, uint32_t changes)
{
	if (changes != tally->changes && tally->slots) {
		tally->count = 0;
		tally->version++;
		fill_slots(tally);
	}
	tally->changes = changes;
	for (uint32_t i = 0; i < tally->count; i++)
		memset(&tally->rows[i].counts, 0, sizeof(tally->rows[i].counts));
}

bool tally_is_sound(const struct tally_row *row)
{
	return row->net < MZ_NETS && (row->family == AF_INET || row->family == AF_INET6);
}

int tally_add(struct tally *tally, const struct tally_row *row)
{
	int error = tally->count == tally->room ? grow(tally) : 0;
	struct mz_counts *counts;
	uint32_t *slot;

	if (error)
		return error;
	slot = find_slot(tally, row);
	if (!*slot) {
		if (!tally_is_sound(row))
			return -EUCLEAN;
		*slot = ++tally->count;
		tally->sorted = false;
		tally->version++;
		tally->rows[*slot - 1] = *row;
		return 0;
	}
	counts = &tally->rows[*slot - 1].counts;
	if (tally->rows[*slot - 1].last_seen_s < row->last_seen_s)
		tally->rows[*slot - 1].last_seen_s = row->last_seen_s;
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		counts->bytes[d] += row->counts.bytes[d];
		counts->packets[d] += row->counts.packets[d];
	}
	return 0;
}

int tally_compare(const void *a, const void *b)
{
	const struct tally_row *x = a, *y = b;
	int order = memcmp(x->mac, y->mac, sizeof(x->mac));

	if (order == 0)
		order = x->family - y->family;
	if (order == 0)
		order = memcmp(x->addr, y->addr, sizeof(x->addr));
	return order ? order : x->net - y->net;
}

void tally_sort(struct tally *tally)
{
	if (tally->sorted || tally->count == 0)
		return;
	qsort(tally->rows, tally->count, sizeof(*tally->rows), tally_compare);
	fill_slots(tally);
	tally->sorted = true;
}

bool tally_is_retired(const struct tally_row *row)
{
	static const uint8_t none[sizeof(row->addr)];

	return memcmp(row->addr, none, sizeof(none)) == 0;
}
