// SPDX-License-Identifier: GPL-2.0-or-later
#include "names_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (1U << 30)

struct slot {
	uint32_t name; /* offset into the arena; 0: the slot is free */
	uint8_t mac[6];
};

/* The slot of a MAC, or the free one where it belongs. The table is never full. */
static struct slot *slot_of(const struct names_list *list, const uint8_t mac[6])
{
	uint64_t hash = 0;
	size_t mask = ((size_t)1 << list->bits) - 1;
	size_t at;

	memcpy(&hash, mac, 6);
	hash = (hash ^ list->seed[0]) * (list->seed[1] | 1);
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15;
	at = (size_t)(hash >> 32) & mask;
	while (list->slots[at].name && memcmp(list->slots[at].mac, mac, 6) != 0)
		at = (at + 1) & mask;
	return &list->slots[at];
}

const char *names_list_find(const struct names_list *list, const uint8_t mac[6])
{
	const struct slot *slot = list->slots ? slot_of(list, mac) : NULL;

	return slot && slot->name ? list->arena + slot->name : NULL;
}

/* Room for one more: at most three of four slots are taken. */
static int make_room(struct names_list *list)
{
	struct names_list old = *list;
	size_t size = old.slots ? (size_t)1 << old.bits : 0;

	if (list->count < size / 4 * 3)
		return 0;
	list->bits = old.slots ? old.bits + 1 : 4;
	list->slots = calloc((size_t)1 << list->bits, sizeof(*list->slots));
	if (!list->slots) {
		*list = old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < size; i++)
		if (old.slots[i].name)
			*slot_of(list, old.slots[i].mac) = old.slots[i];
	free(old.slots);
	return 0;
}

/* The bytes of a name to keep: no more than NAMES_MAX, and no part of a UTF-8 character. */
static size_t name_length(const char *name)
{
	size_t length = strnlen(name, NAMES_MAX + 1);
	size_t cut = NAMES_MAX;

	if (length <= NAMES_MAX)
		return length;
	while (cut > NAMES_MAX - 3 && (name[cut] & 0xc0) == 0x80)
		cut--;
	return (name[cut] & 0xc0) == 0x80 ? NAMES_MAX : cut; /* no UTF-8 at all: anywhere will do */
}

static int keep_name(struct names_list *list, const char *name, uint32_t *offset)
{
	size_t length = name_length(name);
	size_t capacity = list->capacity ? list->capacity : 256;
	char *arena;

	if (list->last && !strncmp(list->arena + list->last, name, length) &&
		!list->arena[list->last + length]) {
		*offset = list->last;
		return 0;
	}
	while (capacity - list->used < length + 2)
		capacity *= 2;
	if (capacity > ARENA_MAX)
		return -ENOMEM;
	if (capacity != list->capacity) {
		arena = realloc(list->arena, capacity);
		if (!arena)
			return -ENOMEM;
		list->arena = arena;
		list->capacity = capacity;
	}
	if (!list->used)
		list->arena[list->used++] = '\0';
	*offset = list->last = (uint32_t)list->used;
	memcpy(list->arena + list->used, name, length);
	list->arena[list->used + length] = '\0';
	list->used += length + 1;
	return 0;
}

int names_list_add(struct names_list *list, const uint8_t mac[6], const char *name)
{
	struct slot *slot;
	int error = make_room(list);

	if (error)
		return error;
	slot = slot_of(list, mac);
	if (slot->name)
		return 0;
	error = keep_name(list, name, &slot->name);
	if (error)
		return error;
	memcpy(slot->mac, mac, 6);
	list->count++;
	return 0;
}

bool names_list_equal(const struct names_list *a, const struct names_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; a->count && i < (size_t)1 << a->bits; i++) {
		const struct slot *slot = &a->slots[i];
		const char *other = slot->name ? names_list_find(b, slot->mac) : NULL;

		if (slot->name && (!other || strcmp(a->arena + slot->name, other) != 0))
			return false;
	}
	return true;
}

void names_list_free(struct names_list *list)
{
	free(list->slots);
	free(list->arena);
}
