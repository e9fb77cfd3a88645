// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/other_layout.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cpus.h"

/* Layout v2, the last one without a map mz_geometry. */
static const struct mz_geometry of_v2 = {
	.size = sizeof(of_v2),
	.slot = 32,
	.slot_net = 0,
	.slot_mac = 2,
	.slot_addr = 8,
	.slot_state = 24,
	.slot_stamp = 28,
	.state4 = 4,
	.state6 = 6,
	.counts = 32,
	.counts_bytes = 0,
	.counts_packets = 16,
	.reasons = 3,
};

static int open_map(const char *dir, enum maps_name name)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, maps_names[name]) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

static bool is_array(const struct bpf_map_info *info, enum bpf_map_type type, uint32_t value)
{
	return info->type == (__u32)type && info->key_size == sizeof(__u32) &&
	       info->value_size == value && info->max_entries > 0;
}

int other_layout_nets(const char *dir, struct mz_net *nets)
{
	int fd = open_map(dir, MAPS_NETS), error = 0;
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		error = -errno;
	else if (!is_array(&info, BPF_MAP_TYPE_ARRAY, sizeof(*nets)) || info.max_entries < MZ_NETS)
		error = -EUCLEAN;
	for (__u32 i = 0; i < MZ_NETS && !error; i++)
		if (bpf_map_lookup_elem(fd, &i, &nets[i]) < 0)
			error = -errno;
	close(fd);
	return error;
}

int other_layout_id(const char *dir, uint32_t *id)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int fd = open_map(dir, MAPS_SLOTS), error = 0;

	*id = 0;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		error = -errno;
	else
		*id = info.id;
	close(fd);
	return error;
}

static int read_geometry(struct other_layout *other)
{
	struct mz_geometry *g = &other->geometry;
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info), only = 0;
	int fd = open_map(other->dir, MAPS_GEOMETRY), error = 0;
	unsigned layout = 0;
	unsigned char *value;

	sscanf(strrchr(other->dir, '/'), "/v%u", &layout);
	if (fd == -ENOENT && layout < 3) {
		*g = of_v2;
		return layout == 2 ? 0 : -EUCLEAN;
	}
	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		error = -errno;
	else if (!is_array(&info, BPF_MAP_TYPE_ARRAY, info.value_size) ||
		 info.value_size < sizeof(*g))
		error = -EUCLEAN;
	value = error ? NULL : calloc(1, info.value_size);
	if (!error && !value)
		error = -ENOMEM;
	if (!error && bpf_map_lookup_elem(fd, &only, value) < 0)
		error = -errno;
	if (!error)
		memcpy(g, value, sizeof(*g));
	free(value);
	close(fd);
	return error;
}

static const unsigned char *map_memory(int fd, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Whether a field of so many bytes is inside a value of that size. */
static bool fits(uint32_t at, uint32_t length, uint32_t size)
{
	return (uint64_t)at + length <= size;
}

/* Checks the geometry against what the kernel says about the maps. */
static int check_geometry(struct other_layout *other)
{
	const struct mz_geometry *g = &other->geometry;
	struct bpf_map_info slots = {0}, counts = {0}, unattributed = {0};
	__u32 size = sizeof(slots);
	unsigned numbers, possible;

	if (bpf_obj_get_info_by_fd(other->slots_fd, &slots, &size) < 0 ||
		bpf_obj_get_info_by_fd(other->counts_fd, &counts, &size) < 0 ||
		bpf_obj_get_info_by_fd(other->unattributed_fd, &unattributed, &size) < 0)
		return -errno;
	if (!is_array(&slots, BPF_MAP_TYPE_ARRAY, g->slot) || slots.id == 0 ||
		!is_array(&counts, BPF_MAP_TYPE_ARRAY, g->counts) ||
		!(slots.map_flags & counts.map_flags & BPF_F_MMAPABLE) ||
		counts.max_entries % slots.max_entries != 0 ||
		!is_array(&unattributed, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(struct mz_volume)) ||
		g->reasons > MZ_PAST_REASONS ||
		unattributed.max_entries != MZ_DIRECTIONS * g->reasons ||
		!fits(g->slot_net, 2, g->slot) || !fits(g->slot_mac, 6, g->slot) ||
		!fits(g->slot_addr, 16, g->slot) || !fits(g->slot_state, 4, g->slot) ||
		!fits(g->slot_stamp, 4, g->slot) || !fits(g->counts_bytes, 16, g->counts) ||
		!fits(g->counts_packets, 16, g->counts))
		return -EUCLEAN;
	other->id = slots.id;
	other->slots = slots.max_entries;
	other->cpus = counts.max_entries / slots.max_entries;
	if (cpus_count(&numbers, &possible) || (other->cpus != numbers && other->cpus != possible))
		return -EUCLEAN;
	/* array maps that can be mapped have their values at multiples of eight bytes */
	other->geometry.slot = (g->slot + 7) & ~7u;
	other->geometry.counts = (g->counts + 7) & ~7u;
	return 0;
}

static size_t slots_size(const struct other_layout *other)
{
	return (size_t)other->slots * other->geometry.slot;
}

static size_t counts_size(const struct other_layout *other)
{
	return (size_t)other->slots * other->cpus * other->geometry.counts;
}

void other_layout_close(struct other_layout *other)
{
	if (other->slot)
		munmap((void *)other->slot, slots_size(other));
	if (other->count)
		munmap((void *)other->count, counts_size(other));
	if (other->slots_fd >= 0)
		close(other->slots_fd);
	if (other->counts_fd >= 0)
		close(other->counts_fd);
	if (other->unattributed_fd >= 0)
		close(other->unattributed_fd);
}

static int open_one(const struct other_layout *other, enum maps_name name, int *fd)
{
	*fd = open_map(other->dir, name);
	return *fd < 0 ? *fd : 0;
}

int other_layout_open(struct other_layout *other, const char *dir)
{
	int error;

	*other = (struct other_layout){
		.dir = dir, .slots_fd = -1, .counts_fd = -1, .unattributed_fd = -1};
	error = read_geometry(other);
	if (!error)
		error = open_one(other, MAPS_SLOTS, &other->slots_fd);
	if (!error)
		error = open_one(other, MAPS_COUNTS, &other->counts_fd);
	if (!error)
		error = open_one(other, MAPS_UNATTRIBUTED, &other->unattributed_fd);
	if (!error)
		error = check_geometry(other);
	if (!error) {
		other->slot = map_memory(other->slots_fd, slots_size(other));
		other->count = map_memory(other->counts_fd, counts_size(other));
		error = other->slot && other->count ? 0 : -ENOMEM;
	}
	if (error)
		other_layout_close(other);
	return error;
}

/*
 * Reads slot i into row. Returns false where it is not in use, or is in that layout's archive
 * already. archive_add() checks the row.
 */
static bool read_slot(
	const struct other_layout *other, uint32_t i, uint32_t generation, struct tally_row *row)
{
	const struct mz_geometry *g = &other->geometry;
	const unsigned char *slot = other->slot + (size_t)i * g->slot;
	uint32_t state, stamp;
	uint16_t net;

	memcpy(&state, slot + g->slot_state, sizeof(state));
	memcpy(&stamp, slot + g->slot_stamp, sizeof(stamp));
	memcpy(&net, slot + g->slot_net, sizeof(net));
	if ((state & ~1u) != g->state4 && (state & ~1u) != g->state6)
		return false;
	if ((state & 1) && stamp <= generation)
		return false;
	*row = (struct tally_row){
		.family = (state & ~1u) == g->state4 ? AF_INET : AF_INET6, .net = tally_net(net)};
	memcpy(row->mac, slot + g->slot_mac, sizeof(row->mac));
	memcpy(row->addr, slot + g->slot_addr, sizeof(row->addr));
	for (uint32_t cpu = 0; cpu < other->cpus; cpu++) {
		const unsigned char *count =
			other->count + ((size_t)cpu * other->slots + i) * g->counts;
		uint64_t bytes[MZ_DIRECTIONS], packets[MZ_DIRECTIONS];

		memcpy(bytes, count + g->counts_bytes, sizeof(bytes));
		memcpy(packets, count + g->counts_packets, sizeof(packets));
		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			row->counts.bytes[d] += bytes[d];
			row->counts.packets[d] += packets[d];
		}
	}
	return true;
}

static void add_volume(
	struct archive *archive, int d, uint32_t reason, const struct mz_volume *volume)
{
	archive->head.unattributed[d][reason].bytes += volume->bytes;
	archive->head.unattributed[d][reason].packets += volume->packets;
}

static int read_unattributed(const struct other_layout *other, struct archive *archive)
{
	uint32_t reasons = other->geometry.reasons, entries = MZ_DIRECTIONS * reasons;
	struct mz_volume *volumes = calloc(other->cpus, sizeof(*volumes));
	int error = volumes ? 0 : -ENOMEM;

	for (__u32 i = 0; i < entries && !error; i++) {
		if (bpf_map_lookup_elem(other->unattributed_fd, &i, volumes) < 0) {
			error = -errno;
			break;
		}
		for (uint32_t cpu = 0; cpu < other->cpus; cpu++)
			add_volume(archive, (int)(i / reasons), i % reasons, &volumes[cpu]);
	}
	free(volumes);
	return error;
}

int other_layout_add_to(const struct other_layout *other, struct archive *next)
{
	struct archive archive = {0};
	int error = archive_open(&archive, other->dir, UINT32_MAX), count = 0;

	for (uint32_t i = 0; i < archive.count && !error; i++, count++)
		error = archive_add(next, &archive.rows[i]);
	for (int d = 0; d < MZ_DIRECTIONS && !error; d++)
		for (uint32_t r = 0; r < MZ_PAST_REASONS; r++)
			add_volume(next, d, r, &archive.head.unattributed[d][r]);
	for (uint32_t i = 0; i < other->slots && !error; i++) {
		struct tally_row row;

		if (!read_slot(other, i, archive.head.generation, &row))
			continue;
		error = archive_add(next, &row);
		count++;
	}
	archive_close(&archive);
	if (!error)
		error = read_unattributed(other, next);
	return error ? error : count;
}
