// SPDX-License-Identifier: GPL-2.0-or-later
#include "maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 256 /* entries of one reading step */

/* Room for one step: keys, the counts of every CPU for each, and where the next step goes on. */
struct scratch {
	int cpus;
	unsigned batch;
	unsigned char keys[BATCH * sizeof(struct mz_key6)];
	struct mz_counts counts[]; /* batch * cpus */
};

static int map_capacity(int fd, unsigned *capacity)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	*capacity = info.max_entries;
	return 0;
}

/* Returns the map's descriptor or -errno. pin: NULL, or the directory it is pinned in. */
static int open_map(const char *pin, const char *name, enum bpf_map_type type, unsigned key,
	unsigned value, unsigned entries)
{
	char path[PATH_MAX];
	int fd;

	if (pin) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", pin, name) >= sizeof(path))
			return -ENAMETOOLONG;
		fd = bpf_obj_get(path);
		if (fd >= 0 || errno != ENOENT)
			return fd >= 0 ? fd : -errno;
	}
	fd = bpf_map_create(type, name, key, value, entries, NULL);
	if (fd < 0)
		return -errno;
	if (pin && bpf_obj_pin(fd, path) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static int make_scratch(struct maps *maps)
{
	int cpus = libbpf_num_possible_cpus();
	struct scratch *scratch;

	if (cpus < 0)
		return cpus;
	scratch = calloc(1, sizeof(*scratch) + (size_t)BATCH * cpus * sizeof(struct mz_counts));
	if (!scratch)
		return -ENOMEM;
	scratch->cpus = cpus;
	maps->scratch = scratch;
	return 0;
}

int maps_open(struct maps *maps, const char *pin, unsigned max_hosts)
{
	const struct {
		int *fd;
		const char *name;
		enum bpf_map_type type;
		unsigned key, value, entries;
	} table[] = {
		{&maps->hosts4, "mz_hosts4", BPF_MAP_TYPE_PERCPU_HASH, sizeof(struct mz_key4),
			sizeof(struct mz_counts), max_hosts},
		{&maps->hosts6, "mz_hosts6", BPF_MAP_TYPE_PERCPU_HASH, sizeof(struct mz_key6),
			sizeof(struct mz_counts), max_hosts},
		{&maps->unattributed, "mz_unattributed", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32),
			sizeof(struct mz_volume), MZ_DIRECTIONS * MZ_REASONS},
		{&maps->nets, "mz_nets", BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct mz_net),
			MZ_NETS},
	};
	int error;

	*maps = (struct maps){.hosts4 = -1, .hosts6 = -1, .unattributed = -1, .nets = -1};
	error = make_scratch(maps);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table) && !error; i++) {
		*table[i].fd = open_map(pin, table[i].name, table[i].type, table[i].key,
			table[i].value, table[i].entries);
		if (*table[i].fd < 0)
			error = *table[i].fd;
	}
	if (!error)
		error = map_capacity(maps->hosts4, &maps->capacity);
	if (error)
		maps_close(maps);
	return error;
}

void maps_close(struct maps *maps)
{
	int *fds[] = {&maps->hosts4, &maps->hosts6, &maps->unattributed, &maps->nets};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	free(maps->scratch);
	maps->scratch = NULL;
}

int maps_net(const struct maps *maps, const char *ifname)
{
	struct mz_net net = {0};
	int available = -ENOSPC;

	for (__u32 i = 0; i < MZ_NETS; i++) {
		if (bpf_map_lookup_elem(maps->nets, &i, &net) < 0)
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
		if (bpf_map_update_elem(maps->nets, &i, &net, BPF_ANY) < 0)
			return -errno;
	}
	return available;
}

static struct mz_counts sum(const struct mz_counts *counts, int cpus)
{
	struct mz_counts total = {0};

	for (int cpu = 0; cpu < cpus; cpu++)
		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			total.bytes[d] += counts[cpu].bytes[d];
			total.packets[d] += counts[cpu].packets[d];
		}
	return total;
}

/* key: a struct mz_key4 or mz_key6, which begin alike and differ in how much address follows. */
static int put(struct tally *tally, const void *key, int family, struct mz_counts counts)
{
	struct tally_row row = {.counts = counts, .family = (uint8_t)family};
	struct mz_key6 whole = {0};

	memcpy(&whole, key, family == AF_INET ? sizeof(struct mz_key4) : sizeof(struct mz_key6));
	row.net = (uint8_t)whole.host.net;
	memcpy(row.mac, whole.host.mac, sizeof(row.mac));
	memcpy(row.addr, whole.addr, sizeof(row.addr));
	return tally_put(tally, &row);
}

static int read_hosts(struct scratch *scratch, int fd, int family, struct tally *tally)
{
	size_t key_size = family == AF_INET ? sizeof(struct mz_key4) : sizeof(struct mz_key6);
	__u32 position = 0, entries = 0, count;
	bool first = true, last = false;
	int error;

	while (!last) {
		count = BATCH;
		if (bpf_map_lookup_batch(fd, first ? NULL : &position, &position, scratch->keys,
			    scratch->counts, &count, NULL) < 0) {
			if (errno != ENOENT)
				return -errno;
			last = true; /* what is left was read all the same */
		}
		first = false;
		entries += count;
		for (__u32 i = 0; i < count; i++) {
			error = put(tally, scratch->keys + i * key_size, family,
				sum(scratch->counts + (size_t)i * scratch->cpus, scratch->cpus));
			if (error)
				return error;
		}
	}
	tally->entries[family == AF_INET6] = entries;
	return 0;
}

static int read_unattributed(struct scratch *scratch, int fd, struct tally *tally)
{
	/* an array has no more than BATCH entries, and its values are smaller than counts */
	struct mz_volume *volumes = (struct mz_volume *)scratch->counts;

	for (__u32 i = 0; i < MZ_DIRECTIONS * MZ_REASONS; i++) {
		struct mz_volume total = {0};

		if (bpf_map_lookup_elem(fd, &i, volumes) < 0)
			return -errno;
		for (int cpu = 0; cpu < scratch->cpus; cpu++) {
			total.bytes += volumes[cpu].bytes;
			total.packets += volumes[cpu].packets;
		}
		tally->unattributed[i / MZ_REASONS][i % MZ_REASONS] = total;
	}
	return 0;
}

int maps_read(struct maps *maps, struct tally *tally)
{
	int error = read_hosts(maps->scratch, maps->hosts4, AF_INET, tally);

	if (!error)
		error = read_hosts(maps->scratch, maps->hosts6, AF_INET6, tally);
	if (!error)
		error = read_unattributed(maps->scratch, maps->unattributed, tally);
	for (__u32 i = 0; i < MZ_NETS && !error; i++)
		if (bpf_map_lookup_elem(maps->nets, &i, &tally->nets[i]) < 0)
			error = -errno;
	tally->capacity[0] = tally->capacity[1] = maps->capacity;
	tally_sort(tally);
	return error;
}
