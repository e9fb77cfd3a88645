// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/retire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tables/counters.h"

#define MOST	   4096	 /* slots per step, so that no step takes long */
#define PRESSED_S  60	 /* silence that suffices where a table is nearly full */
#define SETTLED_MS 1000	 /* from mark to archive: a classifier runs for microseconds */
#define LOOK_MS	   60000 /* how often slots are searched where there is room */

static bool is_retiring(const struct mz_slot *slot)
{
	return slot->state == MZ_SLOT_RETIRING4 || slot->state == MZ_SLOT_RETIRING6;
}

/* Frees the slots whose counts are in the archive. */
static int free_slots(struct maps *maps, uint32_t generation)
{
	for (uint32_t i = 0; i < 2 * maps->family_slots; i++)
		if (is_retiring(&maps->slots[i]) && maps->slots[i].stamp <= generation) {
			int error = maps_free_slot(maps, i);

			if (error)
				return error;
		}
	return 0;
}

int retire_start(
	struct retire *retire, struct maps *maps, const struct archive *archive, uint64_t now_ms)
{
	int error = free_slots(maps, archive->head.generation);

	*retire = (struct retire){.marked_ms = now_ms};
	for (uint32_t i = 0; i < 2 * maps->family_slots && !error; i++)
		if (is_retiring(&maps->slots[i])) {
			error = maps_delete_key(maps, i);
			retire->retiring++;
		}
	return error;
}

static int retire_slots(struct maps *maps, struct archive *next)
{
	for (uint32_t i = 0; i < 2 * maps->family_slots; i++) {
		const struct mz_slot *slot = &maps->slots[i];
		struct tally_row row = {
			.family = (uint8_t)maps_family(maps, i), .net = tally_net(slot->host.net)};
		int error;

		if (!is_retiring(slot) || slot->stamp <= next->head.generation)
			continue;
		row.counts = counters_of(maps, i);
		memcpy(row.mac, slot->host.mac, sizeof(row.mac));
		memcpy(row.addr, slot->addr, sizeof(row.addr));
		error = archive_retire(next, &row);
		if (error)
			return error;
	}
	return 0;
}

/* Moves the counts of retiring slots to the archive, by its commit, and frees the slots. */
static int archive_slots(
	struct retire *retire, struct maps *maps, struct archive *archive, const char *dir)
{
	struct archive next;
	int error = archive_copy(&next, archive);

	if (error)
		return error;
	maps_wait_for_classifiers();
	error = retire_slots(maps, &next);
	next.head.generation++;
	archive_compact(&next);
	if (!error)
		error = archive_commit(&next, dir);
	if (error) {
		archive_close(&next);
		return error;
	}
	archive_close(archive);
	*archive = next;
	retire->retiring = 0;
	error = free_slots(maps, archive->head.generation);
	return error ? error : 1;
}

struct candidate {
	uint32_t number;
	uint64_t packets;
};

static int by_packets(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->packets == y->packets ? 0 : x->packets < y->packets ? -1 : 1;
}

/*
 * Lists the slots of one family that were silent for so many seconds; list has room for all. live:
 * set to the number of slots in use. Returns the length of the list.
 */
static uint32_t find_silent(const struct maps *maps, int family, uint32_t silence, uint32_t now_s,
	struct candidate *list, uint32_t *live)
{
	uint32_t first = family == AF_INET ? 0 : maps->family_slots, count = 0;
	__u32 wanted = family == AF_INET ? MZ_SLOT_HOST4 : MZ_SLOT_HOST6;

	*live = 0;
	for (uint32_t i = first; i < first + maps->family_slots; i++) {
		const struct mz_slot *slot = &maps->slots[i];

		if (slot->state == MZ_SLOT_NEVER_USED)
			break;
		if (slot->state != wanted)
			continue;
		++*live;
		if (slot->stamp && now_s - slot->stamp >= silence && now_s >= slot->stamp) {
			struct mz_counts counts = counters_of(maps, i);

			list[count++] = (struct candidate){
				i, counts.packets[MZ_UPLOAD] + counts.packets[MZ_DOWNLOAD]};
		}
	}
	return count;
}

static int mark(struct retire *retire, struct maps *maps, uint32_t number, uint32_t generation)
{
	struct mz_slot *slot = &maps->slots[number];
	__u32 stamp = slot->stamp;
	int error;

	slot->stamp = generation + 1;
	__atomic_store_n(&slot->state, slot->state | 1, __ATOMIC_RELEASE);
	error = maps_delete_key(maps, number);
	if (!error) {
		retire->retiring++;
		return 0;
	}
	/* classifiers still find the slot, so it has to stay in use */
	__atomic_store_n(&slot->state, slot->state & ~1u, __ATOMIC_RELEASE);
	slot->stamp = stamp;
	return error;
}

/* The number of addresses of a family from which on its table is nearly full. */
static uint32_t nearly_full(const struct maps *maps)
{
	return maps->capacity - maps->capacity / 8;
}

static int mark_family(struct retire *retire, struct maps *maps, int family, uint32_t generation,
	uint32_t idle_s, uint32_t now_s)
{
	struct candidate *list = calloc(maps->family_slots, sizeof(*list));
	uint32_t live, count, most = MOST;
	int error = 0;

	if (!list)
		return -ENOMEM;
	count = find_silent(maps, family, idle_s, now_s, list, &live);
	if (live - count >= nearly_full(maps)) { /* retire down to three quarters */
		count = find_silent(
			maps, family, idle_s < PRESSED_S ? idle_s : PRESSED_S, now_s, list, &live);
		qsort(list, count, sizeof(*list), by_packets);
		if (most > live - maps->capacity / 4 * 3)
			most = live - maps->capacity / 4 * 3;
	}
	for (uint32_t i = 0; i < count && i < most && !error; i++)
		error = mark(retire, maps, list[i].number, generation);
	free(list);
	return error;
}

static bool is_due(const struct retire *retire, const struct maps *maps, const uint32_t entries[2],
	uint32_t idle_s, uint64_t now_ms)
{
	return entries[0] >= nearly_full(maps) || entries[1] >= nearly_full(maps) ||
	       now_ms - retire->marked_ms >= (idle_s < LOOK_MS / 1000 ? idle_s * 1000 : LOOK_MS);
}

int retire_step(struct retire *retire, struct maps *maps, struct archive *archive, const char *dir,
	const uint32_t entries[2], uint32_t idle_s, uint32_t now_s, uint64_t now_ms)
{
	int error;

	if (retire->retiring) {
		if (now_ms - retire->marked_ms < SETTLED_MS)
			return 0;
		return archive_slots(retire, maps, archive, dir);
	}
	if (!is_due(retire, maps, entries, idle_s, now_ms))
		return 0;
	retire->marked_ms = now_ms;
	error = mark_family(retire, maps, AF_INET, archive->head.generation, idle_s, now_s);
	if (!error)
		error = mark_family(
			retire, maps, AF_INET6, archive->head.generation, idle_s, now_s);
	return error;
}
