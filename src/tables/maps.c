// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cpus.h"

const char maps_names[MAPS_NAMES][16] = {
	[MAPS_HOSTS4] = "mz_hosts4",
	[MAPS_HOSTS6] = "mz_hosts6",
	[MAPS_SPARE4] = "mz_spare4",
	[MAPS_SPARE6] = "mz_spare6",
	[MAPS_SLOTS] = "mz_slots",
	[MAPS_COUNTS] = "mz_counts",
	[MAPS_INDEX] = "mz_index",
	[MAPS_LAST_SEEN] = "mz_passages",
	[MAPS_UNATTRIBUTED] = "mz_unattributed",
	[MAPS_NETS] = "mz_nets",
	[MAPS_GEOMETRY] = "mz_geometry",
};

void maps_init(struct maps *maps)
{
	memset(maps, 0, sizeof(*maps));
	for (size_t i = 0; i < MAPS_NAMES; i++)
		maps->fd[i] = -1;
}

static int pin_path(const char *pin, enum maps_name map, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", pin, maps_names[map]) < PATH_MAX ? 0
										  : -ENAMETOOLONG;
}

/* At least four times as many as both families have addresses, so that few share an entry. */
static unsigned index_entries(unsigned max_hosts)
{
	unsigned entries = 4096;

	while (entries < max_hosts * 8u)
		entries *= 2;
	return entries;
}

/* Filled by fill_shapes(), for each of maps_names. */
struct shape {
	enum bpf_map_type type;
	unsigned key, value, entries, flags;
};

static void fill_shapes(struct shape shapes[MAPS_NAMES], unsigned max_hosts, unsigned cpus)
{
	unsigned slots = max_hosts + cpus; /* a family */
	const struct shape table[MAPS_NAMES] = {
		[MAPS_HOSTS4] = {BPF_MAP_TYPE_HASH, sizeof(struct mz_key4), sizeof(__u32),
			max_hosts, 0},
		[MAPS_HOSTS6] = {BPF_MAP_TYPE_HASH, sizeof(struct mz_key6), sizeof(__u32),
			max_hosts, 0},
		[MAPS_SPARE4] = {BPF_MAP_TYPE_STACK, 0, sizeof(__u32), slots, 0},
		[MAPS_SPARE6] = {BPF_MAP_TYPE_STACK, 0, sizeof(__u32), slots, 0},
		[MAPS_SLOTS] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct mz_slot),
			2 * slots, BPF_F_MMAPABLE},
		[MAPS_COUNTS] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct mz_counts),
			2 * slots * cpus, BPF_F_MMAPABLE},
		[MAPS_INDEX] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u32),
			index_entries(max_hosts), 0},
		[MAPS_LAST_SEEN] = {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32),
			sizeof(struct mz_last_seen), MZ_DIRECTIONS, 0},
		[MAPS_UNATTRIBUTED] = {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32),
			sizeof(struct mz_volume), MZ_DIRECTIONS * MZ_REASONS, 0},
		[MAPS_NETS] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct mz_net), MZ_NETS,
			0},
		[MAPS_GEOMETRY] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct mz_geometry), 1,
			0},
	};

	memcpy(shapes, table, sizeof(table));
}

/* Whether a map is as make_all() makes it, so that reads stay within it. */
static int check_shape(int fd, const struct shape *shape)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	return info.type == shape->type && info.key_size == shape->key &&
			       info.value_size == shape->value &&
			       info.max_entries == shape->entries && info.map_flags == shape->flags
		       ? 0
		       : -EUCLEAN;
}

/* Returns 0, or -ENOENT where one of them is missing, or another -errno. */
static int open_pinned(struct maps *maps, const char *pin, const struct shape *shapes)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < MAPS_NAMES; i++) {
		int error = pin_path(pin, i, path);

		if (error)
			return error;
		maps->fd[i] = bpf_obj_get(path);
		if (maps->fd[i] < 0)
			return -errno;
		error = check_shape(maps->fd[i], &shapes[i]);
		if (error)
			return error;
	}
	return 0;
}

/* The last step: after a crash in it, a map is missing, and the next start makes all maps anew. */
static int pin_all(const struct maps *maps, const char *pin)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < MAPS_NAMES; i++) { /* remove what such a crash left */
		int error = pin_path(pin, i, path);

		if (!error && unlink(path) < 0 && errno != ENOENT)
			error = -errno;
		if (error)
			return error;
	}
	for (size_t i = 0; i < MAPS_NAMES; i++) {
		pin_path(pin, i, path);
		if (bpf_obj_pin(maps->fd[i], path) < 0)
			return -errno;
	}
	return 0;
}

static int fill_geometry(const struct maps *maps)
{
	const struct mz_geometry geometry = {
		.size = sizeof(geometry),
		.slot = sizeof(struct mz_slot),
		.slot_net = offsetof(struct mz_slot, host.net),
		.slot_mac = offsetof(struct mz_slot, host.mac),
		.slot_addr = offsetof(struct mz_slot, addr),
		.slot_state = offsetof(struct mz_slot, state),
		.slot_stamp = offsetof(struct mz_slot, stamp),
		.state4 = MZ_SLOT_HOST4,
		.state6 = MZ_SLOT_HOST6,
		.counts = sizeof(struct mz_counts),
		.counts_bytes = offsetof(struct mz_counts, bytes),
		.counts_packets = offsetof(struct mz_counts, packets),
		.reasons = MZ_REASONS,
	};
	__u32 only = 0;

	return bpf_map_update_elem(maps->fd[MAPS_GEOMETRY], &only, &geometry, BPF_ANY) < 0 ? -errno
											   : 0;
}

static int fill_spares(const struct maps *maps, unsigned slots)
{
	for (__u32 number = slots; number-- > 0;) { /* the lowest on top */
		__u32 number6 = slots + number;

		if (bpf_map_update_elem(maps->fd[MAPS_SPARE4], NULL, &number, BPF_ANY) < 0 ||
			bpf_map_update_elem(maps->fd[MAPS_SPARE6], NULL, &number6, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

static int fill_nets(const struct maps *maps, const struct mz_net *nets)
{
	for (__u32 i = 0; nets && i < MZ_NETS; i++)
		if (bpf_map_update_elem(maps->fd[MAPS_NETS], &i, &nets[i], BPF_ANY) < 0)
			return -errno;
	return 0;
}

static int make_all(struct maps *maps, const struct shape *shapes, unsigned max_hosts,
	const struct mz_net *nets)
{
	int error;

	for (size_t i = 0; i < MAPS_NAMES; i++) {
		LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = shapes[i].flags);

		maps->fd[i] = bpf_map_create(shapes[i].type, maps_names[i], shapes[i].key,
			shapes[i].value, shapes[i].entries, &options);
		if (maps->fd[i] < 0)
			return -errno;
	}
	error = fill_spares(maps, max_hosts + maps->cpus);
	if (!error)
		error = fill_geometry(maps);
	return error ? error : fill_nets(maps, nets);
}

static int map_entries(int fd, unsigned *entries)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	*entries = info.max_entries;
	return 0;
}

/* Maps size bytes of a map's values. The kernel rounds up to a page. */
static int map_memory(int fd, size_t size, void **memory)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*memory = at;
	return 0;
}

static size_t slots_size(const struct maps *maps)
{
	return 2 * (size_t)maps->family_slots * sizeof(*maps->slots);
}

static size_t counts_size(const struct maps *maps)
{
	return 2 * (size_t)maps->family_slots * maps->cpus * sizeof(*maps->counts);
}

static int read_nets(struct maps *maps)
{
	for (__u32 i = 0; i < MZ_NETS; i++)
		if (bpf_map_lookup_elem(maps->fd[MAPS_NETS], &i, &maps->nets[i]) < 0)
			return -errno;
		else
			maps->nets[i].ifname[sizeof(maps->nets[i].ifname) - 1] = '\0';
	return 0;
}

static int map_tables(struct maps *maps)
{
	void *slots = NULL, *counts = NULL;
	unsigned entries = 0;
	int error = map_entries(maps->fd[MAPS_HOSTS4], &maps->capacity);

	if (!error)
		error = map_entries(maps->fd[MAPS_INDEX], &maps->index_entries);
	if (!error)
		error = map_entries(maps->fd[MAPS_COUNTS], &entries);
	maps->family_slots = maps->capacity + maps->cpus;
	if (!error && entries != 2 * maps->family_slots * maps->cpus)
		error = -EUCLEAN; /* made for another number of CPUs */
	if (!error)
		error = map_memory(maps->fd[MAPS_SLOTS], slots_size(maps), &slots);
	maps->slots = slots;
	if (!error)
		error = map_memory(maps->fd[MAPS_COUNTS], counts_size(maps), &counts);
	maps->counts = counts;
	return error ? error : read_nets(maps);
}

/* The memory of a map by the kernel's account: no limit any more since 5.11, but still reported. */
static uint64_t memory_of(int fd)
{
	uint64_t bytes = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %" SCNu64, &bytes) == 1)
			break;
	if (file)
		fclose(file);
	return bytes;
}

int maps_open(struct maps *maps, const char *pin, unsigned max_hosts, const struct mz_net *nets)
{
	struct shape shapes[MAPS_NAMES];
	int error;

	maps_init(maps);
	error = cpus_count(&maps->cpus, &maps->possible);
	if (error)
		return error;
	fill_shapes(shapes, max_hosts, maps->cpus);
	error = pin ? open_pinned(maps, pin, shapes) : -ENOENT;
	if (error == -ENOENT) {
		for (size_t i = 0; i < MAPS_NAMES; i++)
			if (maps->fd[i] >= 0)
				close(maps->fd[i]);
		error = make_all(maps, shapes, max_hosts, nets);
		if (!error && pin)
			error = pin_all(maps, pin);
	}
	if (!error)
		error = map_tables(maps);
	for (size_t i = 0; i < MAPS_NAMES && !error; i++)
		maps->kernel_bytes += memory_of(maps->fd[i]);
	if (error)
		maps_close(maps);
	return error;
}

void maps_close(struct maps *maps)
{
	if (maps->slots)
		munmap(maps->slots, slots_size(maps));
	if (maps->counts)
		munmap(maps->counts, counts_size(maps));
	for (size_t i = 0; i < MAPS_NAMES; i++)
		if (maps->fd[i] >= 0)
			close(maps->fd[i]);
	maps_init(maps);
}

int maps_net(struct maps *maps, const char *ifname)
{
	struct mz_net net = {0};
	int available = -ENOSPC;

	for (int i = 0; i < MZ_NETS; i++) {
		const char *known = maps->nets[i].ifname;

		if (strncmp(known, ifname, sizeof(net.ifname)) == 0)
			return i;
		if (!known[0] && available < 0)
			available = i;
	}
	if (available >= 0) {
		__u32 i = (__u32)available;

		memccpy(net.ifname, ifname, 0, sizeof(net.ifname) - 1);
		if (bpf_map_update_elem(maps->fd[MAPS_NETS], &i, &net, BPF_ANY) < 0)
			return -errno;
		maps->nets[i] = net;
	}
	return available;
}

int maps_family(const struct maps *maps, uint32_t number)
{
	return number < maps->family_slots ? AF_INET : AF_INET6;
}

int maps_delete_key(const struct maps *maps, uint32_t number)
{
	const struct mz_slot *slot = &maps->slots[number];
	bool v4 = maps_family(maps, number) == AF_INET;
	struct mz_key4 key4 = {.host = slot->host, .addr = slot->addr[0]};
	struct mz_key6 key6 = {.host = slot->host};
	const void *key = v4 ? (const void *)&key4 : &key6;
	int fd = maps->fd[v4 ? MAPS_HOSTS4 : MAPS_HOSTS6];
	__u32 found;

	memcpy(key6.addr, slot->addr, sizeof(key6.addr));
	/* by now the key may lead to a newer slot of the address; only this process deletes keys */
	if (bpf_map_lookup_elem(fd, key, &found) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (found != number)
		return 0;
	return bpf_map_delete_elem(fd, key) < 0 ? -errno : 0;
}

int maps_free_slot(struct maps *maps, uint32_t number)
{
	size_t slots = 2 * (size_t)maps->family_slots;
	bool v4 = maps_family(maps, number) == AF_INET;

	for (unsigned cpu = 0; cpu < maps->cpus; cpu++)
		memset(&maps->counts[cpu * slots + number], 0, sizeof(*maps->counts));
	maps->slots[number].stamp = 0;
	/* a kill between this and the next line loses the slot until the next unload */
	__atomic_store_n(&maps->slots[number].state, MZ_SLOT_FREE, __ATOMIC_RELEASE);
	return bpf_map_update_elem(
		       maps->fd[v4 ? MAPS_SPARE4 : MAPS_SPARE6], NULL, &number, BPF_ANY) < 0
		       ? -errno
		       : 0;
}

void maps_wait_for_classifiers(void)
{
	/* classifiers are RCU readers, for all of which this waits; since Linux 4.3 */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		usleep(200000); /* a kernel without it: a classifier runs for microseconds */
}
