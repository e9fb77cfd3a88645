// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/counters.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { VOLUMES = MZ_DIRECTIONS * MZ_REASONS };

int counters_init(struct counters *counters, const struct maps *maps)
{
	memset(counters, 0, sizeof(*counters));
	counters->packets = calloc(2 * (size_t)maps->family_slots, sizeof(*counters->packets));
	counters->volumes = calloc(VOLUMES * (size_t)maps->possible, sizeof(*counters->volumes));
	return counters->packets && counters->volumes ? 0 : -ENOMEM;
}

void counters_finish(struct counters *counters)
{
	free(counters->packets);
	free(counters->volumes);
	memset(counters, 0, sizeof(*counters));
}

/* Reads a counter that another CPU may be writing; a 32-bit machine loads it in two halves. */
static __u64 read_counter(const __u64 *counter)
{
	const volatile __u64 *at = counter;
	__u64 value = *at, again;

	while (sizeof(long) < sizeof(value) && (again = *at) != value)
		value = again;
	return value;
}

struct mz_counts counters_of(const struct maps *maps, uint32_t number)
{
	const struct mz_counts *counts = maps->counts + number;
	struct mz_counts total = {0};

	for (unsigned cpu = 0; cpu < maps->cpus; cpu++, counts += 2 * (size_t)maps->family_slots)
		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			total.bytes[d] += read_counter(&counts->bytes[d]);
			total.packets[d] += read_counter(&counts->packets[d]);
		}
	return total;
}

/* The first reading after a start leaves stamps as they are: it has nothing to compare with. */
static void note_traffic(struct counters *counters, struct mz_slot *slot, uint32_t number,
	const struct mz_counts *total, uint32_t now_s)
{
	uint32_t moved = (uint32_t)(total->packets[MZ_UPLOAD] + total->packets[MZ_DOWNLOAD]);

	if ((counters->has_previous && moved != counters->packets[number]) || slot->stamp == 0)
		slot->stamp = now_s;
	counters->packets[number] = moved;
}

static int read_slots(struct counters *counters, struct maps *maps, const struct archive *archive,
	int family, uint32_t now_s, struct tally *tally)
{
	uint32_t first = family == AF_INET ? 0 : maps->family_slots, used = 0;
	__u32 wanted = family == AF_INET ? MZ_SLOT_HOST4 : MZ_SLOT_HOST6;

	for (uint32_t i = first; i < first + maps->family_slots; i++) {
		struct mz_slot *slot = &maps->slots[i];
		__u32 state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
		struct tally_row row = {.family = (uint8_t)family};
		int error;

		if (state == MZ_SLOT_NEVER_USED)
			break;
		if ((state | 1) != (wanted | 1))
			continue;
		used++; /* also while it is being retired */
		if (state != wanted && slot->stamp <= archive->head.generation)
			continue; /* its counts are in the archive already */
		row.counts = counters_of(maps, i);
		row.net = tally_net(slot->host.net);
		memcpy(row.mac, slot->host.mac, sizeof(row.mac));
		memcpy(row.addr, slot->addr, sizeof(row.addr));
		if (state == wanted) {
			note_traffic(counters, slot, i, &row.counts, now_s);
			row.last_seen_s = slot->stamp;
		}
		error = tally_add(tally, &row);
		if (error)
			return error;
	}
	tally->entries[family == AF_INET6] = used;
	return 0;
}

/* Reads all of mz_unattributed: for each key, the volumes of all CPUs in a row. */
static int read_volumes(const struct maps *maps, struct mz_volume *volumes)
{
	__u32 keys[VOLUMES], count = VOLUMES, next;
	int fd = maps->fd[MAPS_UNATTRIBUTED];

	if (bpf_map_lookup_batch(fd, NULL, &next, keys, volumes, &count, NULL) == 0 &&
		count == VOLUMES)
		return 0;
	for (__u32 i = 0; i < VOLUMES; i++) /* before Linux 5.13 */
		if (bpf_map_lookup_elem(fd, &i, volumes + i * (size_t)maps->possible) < 0)
			return -errno;
	return 0;
}

static int read_unattributed(struct counters *counters, const struct maps *maps,
	const struct archive *archive, struct tally *tally)
{
	const struct mz_volume *volume = counters->volumes;
	int error = read_volumes(maps, counters->volumes);

	for (unsigned i = 0; i < VOLUMES && !error; i++) {
		struct mz_volume total = archive->head.unattributed[i / MZ_REASONS][i % MZ_REASONS];

		for (unsigned cpu = 0; cpu < maps->possible; cpu++, volume++) {
			total.bytes += volume->bytes;
			total.packets += volume->packets;
		}
		tally->unattributed[i / MZ_REASONS][i % MZ_REASONS] = total;
	}
	return error;
}

int counters_read(struct counters *counters, struct maps *maps, const struct archive *archive,
	uint32_t now_s, struct tally *tally)
{
	int error = 0;

	tally_begin(tally, archive->changes);
	for (uint32_t i = 0; i < archive->count && !error; i++)
		error = tally_add(tally, &archive->rows[i]);
	if (!error)
		error = read_slots(counters, maps, archive, AF_INET, now_s, tally);
	if (!error)
		error = read_slots(counters, maps, archive, AF_INET6, now_s, tally);
	if (!error)
		error = read_unattributed(counters, maps, archive, tally);
	memcpy(tally->nets, maps->nets, sizeof(tally->nets));
	tally->capacity[0] = tally->capacity[1] = maps->capacity;
	tally->retired_count = archive->count;
	tally->kernel_bytes = maps->kernel_bytes;
	tally_sort(tally);
	counters->has_previous = true;
	return error;
}
