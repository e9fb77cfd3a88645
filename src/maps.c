// SPDX-License-Identifier: GPL-2.0-or-later
#include "maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const maps_names[MAPS_NAMES] = {
	[MAPS_HOSTS4] = "mz_hosts4",
	[MAPS_HOSTS6] = "mz_hosts6",
	[MAPS_SPARE4] = "mz_spare4",
	[MAPS_SPARE6] = "mz_spare6",
	[MAPS_SLOTS] = "mz_slots",
	[MAPS_COUNTS] = "mz_counts",
	[MAPS_INDEX] = "mz_index",
	[MAPS_PASSAGES] = "mz_passages",
	[MAPS_UNATTRIBUTED] = "mz_unattributed",
	[MAPS_NETS] = "mz_nets",
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

/* Returns 0, or -ENOENT where one of them is missing, or another -errno. */
static int open_pinned(struct maps *maps, const char *pin)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < MAPS_NAMES; i++) {
		int error = pin_path(pin, i, path);

		if (error)
			return error;
		maps->fd[i] = bpf_obj_get(path);
		if (maps->fd[i] < 0)
			return -errno;
	}
	return 0;
}

/* The last step, so that a start that was cut short leaves tables that are not whole. */
static int pin_all(const struct maps *maps, const char *pin)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < MAPS_NAMES; i++) {
		int error = pin_path(pin, i, path);

		if (!error && unlink(path) < 0 && errno != ENOENT)
			error = -errno;
		if (!error && bpf_obj_pin(maps->fd[i], path) < 0)
			error = -errno;
		if (error)
			return error;
	}
	return 0;
}

/* Four times as many as there can be addresses, so that few share an entry. */
static unsigned index_entries(unsigned max_hosts)
{
	unsigned entries = 4096;

	while (entries < max_hosts * 8u)
		entries *= 2;
	return entries;
}

static int make_all(struct maps *maps, unsigned max_hosts)
{
	unsigned slots = max_hosts + maps->cpus; /* a family */
	const struct {
		enum bpf_map_type type;
		unsigned key, value, entries, flags;
	} table[MAPS_NAMES] = {
		[MAPS_HOSTS4] = {BPF_MAP_TYPE_HASH, sizeof(struct mz_key4), sizeof(__u32),
			max_hosts, 0},
		[MAPS_HOSTS6] = {BPF_MAP_TYPE_HASH, sizeof(struct mz_key6), sizeof(__u32),
			max_hosts, 0},
		[MAPS_SPARE4] = {BPF_MAP_TYPE_STACK, 0, sizeof(__u32), slots, 0},
		[MAPS_SPARE6] = {BPF_MAP_TYPE_STACK, 0, sizeof(__u32), slots, 0},
		[MAPS_SLOTS] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct mz_slot),
			2 * slots, BPF_F_MMAPABLE},
		[MAPS_COUNTS] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct mz_counts),
			2 * slots * maps->cpus, BPF_F_MMAPABLE},
		[MAPS_INDEX] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u32),
			index_entries(max_hosts), 0},
		[MAPS_PASSAGES] = {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32),
			sizeof(struct mz_passage), MZ_DIRECTIONS, 0},
		[MAPS_UNATTRIBUTED] = {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32),
			sizeof(struct mz_volume), MZ_DIRECTIONS * MZ_REASONS, 0},
		[MAPS_NETS] = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct mz_net), MZ_NETS,
			0},
	};

	for (size_t i = 0; i < MAPS_NAMES; i++) {
		LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = table[i].flags);

		maps->fd[i] = bpf_map_create(table[i].type, maps_names[i], table[i].key,
			table[i].value, table[i].entries, &options);
		if (maps->fd[i] < 0)
			return -errno;
	}
	for (__u32 number = slots; number-- > 0;) { /* the lowest on top */
		__u32 number6 = slots + number;

		if (bpf_map_update_elem(maps->fd[MAPS_SPARE4], NULL, &number, BPF_ANY) < 0 ||
			bpf_map_update_elem(maps->fd[MAPS_SPARE6], NULL, &number6, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
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

/* size: of what is read; the kernel's mapping ends at a page. */
static int map_memory(int fd, size_t size, const void **memory)
{
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

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

static int map_tables(struct maps *maps)
{
	const void *slots = NULL, *counts = NULL;
	unsigned entries = 0;
	int error = map_entries(maps->fd[MAPS_HOSTS4], &maps->capacity);

	if (!error)
		error = map_entries(maps->fd[MAPS_INDEX], &maps->index_entries);
	if (!error)
		error = map_entries(maps->fd[MAPS_COUNTS], &entries);
	maps->family_slots = maps->capacity + maps->cpus;
	if (!error && entries != 2 * maps->family_slots * maps->cpus)
		error = -EUCLEAN; /* made for other CPUs than this machine's */
	if (!error)
		error = map_memory(maps->fd[MAPS_SLOTS], slots_size(maps), &slots);
	maps->slots = slots;
	if (!error)
		error = map_memory(maps->fd[MAPS_COUNTS], counts_size(maps), &counts);
	maps->counts = counts;
	return error;
}

int maps_open(struct maps *maps, const char *pin, unsigned max_hosts)
{
	int cpus = libbpf_num_possible_cpus(), error;

	maps_init(maps);
	if (cpus < 0)
		return cpus;
	maps->cpus = (unsigned)cpus;
	maps->volumes = calloc(maps->cpus, sizeof(*maps->volumes));
	if (!maps->volumes)
		return -ENOMEM;
	error = pin ? open_pinned(maps, pin) : -ENOENT;
	if (error == -ENOENT) {
		for (size_t i = 0; i < MAPS_NAMES; i++)
			if (maps->fd[i] >= 0)
				close(maps->fd[i]);
		error = make_all(maps, max_hosts);
		if (!error && pin)
			error = pin_all(maps, pin);
	}
	if (!error)
		error = map_tables(maps);
	if (error)
		maps_close(maps);
	return error;
}

void maps_close(struct maps *maps)
{
	if (maps->slots)
		munmap((void *)maps->slots, slots_size(maps));
	if (maps->counts)
		munmap((void *)maps->counts, counts_size(maps));
	for (size_t i = 0; i < MAPS_NAMES; i++)
		if (maps->fd[i] >= 0)
			close(maps->fd[i]);
	free(maps->volumes);
	maps_init(maps);
}

int maps_net(const struct maps *maps, const char *ifname)
{
	struct mz_net net = {0};
	int available = -ENOSPC;

	for (__u32 i = 0; i < MZ_NETS; i++) {
		if (bpf_map_lookup_elem(maps->fd[MAPS_NETS], &i, &net) < 0)
			return -errno;
		if (strncmp(net.ifname, ifname, sizeof(net.ifname)) == 0)
			return (int)i;
		if (!net.ifname[0] && available < 0)
			available = (int)i;
	}
	if (available >= 0) {
		__u32 i = (__u32)available;

		memset(&net, 0, sizeof(net));
		memccpy(net.ifname, ifname, 0, sizeof(net.ifname) - 1);
		if (bpf_map_update_elem(maps->fd[MAPS_NETS], &i, &net, BPF_ANY) < 0)
			return -errno;
	}
	return available;
}

/* A counter that another CPU may be writing: a 32-bit machine reads it in two halves. */
static __u64 read_counter(const __u64 *counter)
{
	const volatile __u64 *at = counter;
	__u64 value = *at, again;

	while (sizeof(long) < sizeof(value) && (again = *at) != value)
		value = again;
	return value;
}

static struct mz_counts sum(const struct maps *maps, size_t number)
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

static int read_slots(struct maps *maps, int family, struct tally *tally)
{
	size_t first = family == AF_INET ? 0 : maps->family_slots;
	__u32 wanted = family == AF_INET ? MZ_SLOT_HOST4 : MZ_SLOT_HOST6, live = 0;

	for (size_t i = first; i < first + maps->family_slots; i++) {
		const struct mz_slot *slot = &maps->slots[i];
		__u32 state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
		struct tally_row row = {.family = (uint8_t)family};
		int error;

		if (state == MZ_SLOT_VIRGIN)
			break;
		if (state != wanted)
			continue;
		live++;
		row.counts = sum(maps, i);
		row.net = (uint8_t)slot->host.net;
		memcpy(row.mac, slot->host.mac, sizeof(row.mac));
		memcpy(row.addr, slot->addr, sizeof(row.addr));
		error = tally_put(tally, &row);
		if (error)
			return error;
	}
	tally->entries[family == AF_INET6] = live;
	return 0;
}

static int read_unattributed(struct maps *maps, struct tally *tally)
{
	for (__u32 i = 0; i < MZ_DIRECTIONS * MZ_REASONS; i++) {
		struct mz_volume total = {0};

		if (bpf_map_lookup_elem(maps->fd[MAPS_UNATTRIBUTED], &i, maps->volumes) < 0)
			return -errno;
		for (unsigned cpu = 0; cpu < maps->cpus; cpu++) {
			total.bytes += maps->volumes[cpu].bytes;
			total.packets += maps->volumes[cpu].packets;
		}
		tally->unattributed[i / MZ_REASONS][i % MZ_REASONS] = total;
	}
	return 0;
}

int maps_read(struct maps *maps, struct tally *tally)
{
	int error = read_slots(maps, AF_INET, tally);

	if (!error)
		error = read_slots(maps, AF_INET6, tally);
	if (!error)
		error = read_unattributed(maps, tally);
	for (__u32 i = 0; i < MZ_NETS && !error; i++)
		if (bpf_map_lookup_elem(maps->fd[MAPS_NETS], &i, &tally->nets[i]) < 0)
			error = -errno;
	tally->capacity[0] = tally->capacity[1] = maps->capacity;
	tally_sort(tally);
	return error;
}
