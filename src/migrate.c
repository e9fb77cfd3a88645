// SPDX-License-Identifier: GPL-2.0-or-later
#include "migrate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

/* The last layout that did not describe itself yet. */
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

/* The tables of another layout, read only. */
struct old {
	const char *dir;
	struct mz_geometry geometry;
	uint32_t id; /* of the slots' map */
	uint32_t slots, cpus;
	int slots_fd, counts_fd, unattributed_fd;
	const unsigned char *slot, *count; /* the kernel's own memory */
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

/* Looks up element 0..count-1 of an array map of another layout, size bytes each. */
static int read_map(const char *dir, enum maps_name name, size_t size, uint32_t count, void *values)
{
	int fd = open_map(dir, name), error = 0;
	struct bpf_map_info info = {0};
	__u32 info_size = sizeof(info);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &info_size) < 0)
		error = -errno;
	else if (info.value_size != size || info.max_entries < count)
		error = -EUCLEAN;
	for (__u32 i = 0; i < count && !error; i++)
		if (bpf_map_lookup_elem(fd, &i, (char *)values + i * size) < 0)
			error = -errno;
	close(fd);
	return error;
}

/* The kernel's id of the slots' map; 0 where there is none. */
static uint32_t slots_id(const char *dir)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int fd = open_map(dir, MAPS_SLOTS);

	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		info.id = 0;
	close(fd);
	return info.id;
}

/* Directory n of all layouts, of which ours is the first. */
static bool layout_at(const struct bpffs *bpffs, unsigned n, char dir[PATH_MAX])
{
	if (n > 0)
		return bpffs_other(bpffs, n - 1, dir);
	memcpy(dir, bpffs->layout, PATH_MAX);
	return true;
}

/* Whether a past has taken over what was counted with the slots of this id. */
static bool is_taken(const struct bpffs *bpffs, uint32_t id)
{
	char dir[PATH_MAX];
	bool taken = false;

	for (unsigned i = 0; !taken && layout_at(bpffs, i, dir); i++) {
		struct past past = {0};

		taken = past_open(&past, dir, UINT32_MAX) == 0 && past.head.imported == id;
		past_close(&past);
	}
	return taken;
}

int migrate_drop_taken(const struct bpffs *bpffs)
{
	char dir[PATH_MAX];
	int error = 0;

	for (unsigned i = 0; !error && layout_at(bpffs, i, dir); i++) {
		uint32_t id = slots_id(dir);

		if (id && is_taken(bpffs, id))
			error = bpffs_empty(dir);
	}
	return error;
}

bool migrate_nets(const struct bpffs *bpffs, struct mz_net *nets)
{
	char dir[PATH_MAX];

	for (unsigned i = 0; bpffs_other(bpffs, i, dir); i++)
		if (read_map(dir, MAPS_NETS, sizeof(*nets), MZ_NETS, nets) == 0)
			return true;
	return false;
}

void migrate_hooks(const struct bpffs *bpffs)
{
	char dir[PATH_MAX];

	for (unsigned i = 0; bpffs_other(bpffs, i, dir); i++) {
		bpffs_move_up(bpffs, dir, "link_");
		bpffs_move_up(bpffs, dir, "qdisc_");
	}
}

static int read_geometry(struct old *old)
{
	struct mz_geometry *g = &old->geometry;
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info), only = 0;
	int fd = open_map(old->dir, MAPS_GEOMETRY), error = 0;
	unsigned layout = 0;
	unsigned char *value;

	sscanf(strrchr(old->dir, '/'), "/v%u", &layout);
	if (fd == -ENOENT && layout < 3) {
		*g = of_v2;
		return layout == 2 ? 0 : -EUCLEAN;
	}
	if (fd < 0)
		return fd;
	value = bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ? NULL : calloc(1, info.value_size);
	if (!value || info.value_size < sizeof(*g) || bpf_map_lookup_elem(fd, &only, value) < 0)
		error = -EUCLEAN;
	else
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

/* What the geometry says has to fit what the kernel says of the maps. */
static int check_geometry(struct old *old)
{
	const struct mz_geometry *g = &old->geometry;
	struct bpf_map_info slots = {0}, counts = {0};
	__u32 size = sizeof(slots);

	if (bpf_obj_get_info_by_fd(old->slots_fd, &slots, &size) < 0 ||
		bpf_obj_get_info_by_fd(old->counts_fd, &counts, &size) < 0)
		return -errno;
	if (slots.value_size != g->slot || counts.value_size != g->counts || slots.id == 0 ||
		slots.max_entries == 0 || counts.max_entries % slots.max_entries != 0 ||
		g->slot_net + 2 > g->slot || g->slot_mac + 6 > g->slot ||
		g->slot_addr + 16 > g->slot || g->slot_state + 4 > g->slot ||
		g->slot_stamp + 4 > g->slot || g->counts_bytes + 16 > g->counts ||
		g->counts_packets + 16 > g->counts || g->reasons > MZ_PAST_REASONS)
		return -EUCLEAN;
	old->id = slots.id;
	old->slots = slots.max_entries;
	old->cpus = counts.max_entries / slots.max_entries;
	if ((int)old->cpus != libbpf_num_possible_cpus())
		return -EUCLEAN;
	/* array maps that can be mapped have values at multiples of eight bytes */
	old->geometry.slot = (g->slot + 7) & ~7u;
	old->geometry.counts = (g->counts + 7) & ~7u;
	return 0;
}

static size_t slots_size(const struct old *old)
{
	return (size_t)old->slots * old->geometry.slot;
}

static size_t counts_size(const struct old *old)
{
	return (size_t)old->slots * old->cpus * old->geometry.counts;
}

static void close_old(struct old *old)
{
	if (old->slot)
		munmap((void *)old->slot, slots_size(old));
	if (old->count)
		munmap((void *)old->count, counts_size(old));
	if (old->slots_fd >= 0)
		close(old->slots_fd);
	if (old->counts_fd >= 0)
		close(old->counts_fd);
	if (old->unattributed_fd >= 0)
		close(old->unattributed_fd);
}

static int open_one(const struct old *old, enum maps_name name, int *fd)
{
	*fd = open_map(old->dir, name);
	return *fd < 0 ? *fd : 0;
}

/* Returns 0; -ENOENT where a table is missing, and nothing counted there; or another -errno. */
static int open_old(struct old *old, const char *dir)
{
	int error;

	*old = (struct old){.dir = dir, .slots_fd = -1, .counts_fd = -1, .unattributed_fd = -1};
	error = read_geometry(old);
	if (!error)
		error = open_one(old, MAPS_SLOTS, &old->slots_fd);
	if (!error)
		error = open_one(old, MAPS_COUNTS, &old->counts_fd);
	if (!error)
		error = open_one(old, MAPS_UNATTRIBUTED, &old->unattributed_fd);
	if (!error)
		error = check_geometry(old);
	if (!error) {
		old->slot = map_memory(old->slots_fd, slots_size(old));
		old->count = map_memory(old->counts_fd, counts_size(old));
		error = old->slot && old->count ? 0 : -ENOMEM;
	}
	if (error)
		close_old(old);
	return error;
}

/* Whether slot i is in use, and not yet a part of that layout's past. */
static bool read_slot(const struct old *old, uint32_t i, uint32_t generation, struct tally_row *row)
{
	const struct mz_geometry *g = &old->geometry;
	const unsigned char *slot = old->slot + (size_t)i * g->slot;
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
		.family = (state & ~1u) == g->state4 ? AF_INET : AF_INET6, .net = (uint8_t)net};
	memcpy(row->mac, slot + g->slot_mac, sizeof(row->mac));
	memcpy(row->addr, slot + g->slot_addr, sizeof(row->addr));
	for (uint32_t cpu = 0; cpu < old->cpus; cpu++) {
		const unsigned char *count =
			old->count + ((size_t)cpu * old->slots + i) * g->counts;
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

static void add_volume(struct past *past, int d, uint32_t reason, const struct mz_volume *volume)
{
	past->head.unattributed[d][reason].bytes += volume->bytes;
	past->head.unattributed[d][reason].packets += volume->packets;
}

static int read_unattributed(const struct old *old, struct past *past)
{
	uint32_t reasons = old->geometry.reasons, entries = MZ_DIRECTIONS * reasons;
	struct mz_volume *volumes = calloc(old->cpus, sizeof(*volumes));
	int error = volumes ? 0 : -ENOMEM;

	for (__u32 i = 0; i < entries && !error; i++) {
		if (bpf_map_lookup_elem(old->unattributed_fd, &i, volumes) < 0) {
			error = -errno;
			break;
		}
		for (uint32_t cpu = 0; cpu < old->cpus; cpu++)
			add_volume(past, (int)(i / reasons), i % reasons, &volumes[cpu]);
	}
	free(volumes);
	return error;
}

/* Returns how many rows there were, or -errno. */
static int read_all(const struct old *old, struct past *next)
{
	struct past past = {0};
	int error = past_open(&past, old->dir, UINT32_MAX), count = 0;

	for (uint32_t i = 0; i < past.count && !error; i++, count++)
		error = past_add(next, &past.rows[i]);
	for (int d = 0; d < MZ_DIRECTIONS && !error; d++)
		for (uint32_t r = 0; r < MZ_PAST_REASONS; r++)
			add_volume(next, d, r, &past.head.unattributed[d][r]);
	for (uint32_t i = 0; i < old->slots && !error; i++) {
		struct tally_row row;

		if (!read_slot(old, i, past.head.generation, &row))
			continue;
		error = past_add(next, &row);
		count++;
	}
	past_close(&past);
	if (!error)
		error = read_unattributed(old, next);
	return error ? error : count;
}

static int import(const struct bpffs *bpffs, const struct old *old, struct past *past)
{
	struct past next;
	int error = past_copy(&next, past), count;

	if (error)
		return error;
	count = read_all(old, &next);
	error = count < 0 ? count : 0;
	next.head.imported = old->id;
	past_settle(&next);
	if (!error)
		error = past_commit(&next, bpffs->layout);
	if (error) {
		past_close(&next);
		return error;
	}
	past_close(past);
	*past = next;
	log_info("took over the counts of %d addresses and hosts from %s", count, old->dir);
	return 0;
}

int migrate_import(const struct bpffs *bpffs, struct past *past)
{
	char dir[PATH_MAX];
	struct old old;

	while (bpffs_other(bpffs, 0, dir)) {
		int error = open_old(&old, dir);

		if (error == -ENOMEM || error == -ENAMETOOLONG)
			return error;
		if (error == -ENOENT) {
			log_info("removed %s, which a killed daemon left half made or half removed",
				dir);
		} else if (error) {
			log_warn("the counts in %s cannot be read and are dropped: %s", dir,
				strerror(-error));
		} else {
			maps_wait_for_classifiers();
			if (old.id != past->head.imported)
				error = import(bpffs, &old, past);
			close_old(&old);
			if (error)
				return error;
		}
		error = bpffs_remove_other(dir);
		if (error)
			return error;
	}
	return 0;
}
