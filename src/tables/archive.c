// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/archive.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"

#define NAME_NEW MZ_PAST "_new"

static const uint8_t no_mac[6];

static int path_of(const char *dir, const char *name, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static size_t bytes_of(uint32_t rows)
{
	return ((size_t)MZ_PAST_HEAD + rows) * sizeof(struct mz_past_row);
}

static struct tally_row from_stored(const struct mz_past_row *stored)
{
	struct tally_row row = {.family = stored->family, .net = stored->net};

	memcpy(row.counts.bytes, stored->bytes, sizeof(row.counts.bytes));
	memcpy(row.counts.packets, stored->packets, sizeof(row.counts.packets));
	memcpy(row.addr, stored->addr, sizeof(row.addr));
	memcpy(row.mac, stored->mac, sizeof(row.mac));
	return row;
}

static struct mz_past_row to_stored(const struct tally_row *row)
{
	struct mz_past_row stored = {.family = row->family, .net = row->net};

	memcpy(stored.bytes, row->counts.bytes, sizeof(stored.bytes));
	memcpy(stored.packets, row->counts.packets, sizeof(stored.packets));
	memcpy(stored.addr, row->addr, sizeof(stored.addr));
	memcpy(stored.mac, row->mac, sizeof(stored.mac));
	return stored;
}

/* Reads head and rows from the map. */
static int read_stored(struct archive *archive, const struct mz_past_row *stored, uint32_t entries)
{
	memcpy(&archive->head, stored, sizeof(archive->head));
	if (archive->head.rows > entries - MZ_PAST_HEAD)
		return -EUCLEAN;
	for (uint32_t i = 0; i < archive->head.rows; i++) {
		struct tally_row row = from_stored(&stored[MZ_PAST_HEAD + i]);
		int error = archive_add(archive, &row);

		if (error)
			return error;
	}
	return 0;
}

int archive_open(struct archive *archive, const char *dir, uint32_t most)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	char path[PATH_MAX];
	int fd, error = path_of(dir, MZ_PAST, path);
	void *stored;

	archive->max_rows = most;
	if (error)
		return error;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		error = -errno;
	else if (info.type != BPF_MAP_TYPE_ARRAY || !(info.map_flags & BPF_F_MMAPABLE) ||
		 info.value_size != sizeof(struct mz_past_row) || info.max_entries < MZ_PAST_HEAD)
		error = -EUCLEAN;
	if (!error) {
		size_t bytes = bytes_of(info.max_entries - MZ_PAST_HEAD);

		stored = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
		error = stored == MAP_FAILED ? -errno
					     : read_stored(archive, stored, info.max_entries);
		if (stored != MAP_FAILED)
			munmap(stored, bytes);
	}
	close(fd);
	return error;
}

void archive_close(struct archive *archive)
{
	free(archive->rows);
	memset(archive, 0, sizeof(*archive));
}

int archive_copy(struct archive *copy, const struct archive *archive)
{
	int error = 0;

	*copy = (struct archive){
		.head = archive->head, .max_rows = archive->max_rows, .changes = archive->changes};
	for (uint32_t i = 0; i < archive->count && !error; i++)
		error = archive_add(copy, &archive->rows[i]);
	if (error)
		archive_close(copy);
	return error;
}

int archive_add(struct archive *archive, const struct tally_row *row)
{
	struct tally_row *rows;

	if (!tally_is_sound(row))
		return -EUCLEAN;
	rows = array_grow(archive->rows, archive->count, &archive->room, 64, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	archive->rows = rows;
	archive->rows[archive->count++] = *row;
	return 0;
}

/* Makes it a row of the host. A host without MAC keeps its address, which identifies it. */
static void merge_into_host(struct tally_row *row)
{
	if (memcmp(row->mac, no_mac, sizeof(no_mac)) != 0)
		memset(row->addr, 0, sizeof(row->addr));
}

static void add_counts(struct mz_counts *sum, const struct mz_counts *counts)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		sum->bytes[d] += counts->bytes[d];
		sum->packets[d] += counts->packets[d];
	}
}

static uint64_t packets_of(const struct tally_row *row)
{
	return row->counts.packets[MZ_UPLOAD] + row->counts.packets[MZ_DOWNLOAD];
}

int archive_retire(struct archive *archive, const struct tally_row *row)
{
	struct tally_row copy = *row, *known;

	/* the rows behind were added since archive_compact() and are not sorted */
	known = archive->head.rows ? bsearch(row, archive->rows, archive->head.rows, sizeof(*row),
					     tally_compare)
				   : NULL;
	if (known) {
		add_counts(&copy.counts, &known->counts);
		memset(&known->counts, 0, sizeof(known->counts)); /* merge() drops it */
	}
	merge_into_host(&copy);
	return archive_add(archive, &copy);
}

/* Sorts the rows, adds up equal ones, and drops empty ones. */
static void merge(struct archive *archive)
{
	uint32_t kept = 0;

	qsort(archive->rows, archive->count, sizeof(*archive->rows), tally_compare);
	for (uint32_t i = 0; i < archive->count; i++)
		if (kept && tally_compare(&archive->rows[kept - 1], &archive->rows[i]) == 0)
			add_counts(&archive->rows[kept - 1].counts, &archive->rows[i].counts);
		else if (packets_of(&archive->rows[i]) != 0)
			archive->rows[kept++] = archive->rows[i];
	archive->count = kept;
}

static int by_packets(const void *a, const void *b)
{
	uint64_t x = packets_of(a), y = packets_of(b);

	return x == y ? tally_compare(a, b) : x < y ? 1 : -1;
}

/* Drops the rows with the fewest packets: a flood of forged addresses must not evict real hosts. */
static void drop_least(struct archive *archive)
{
	uint32_t keep = archive->max_rows - archive->max_rows / 8; /* an eighth at once */

	qsort(archive->rows, archive->count, sizeof(*archive->rows), by_packets);
	for (; archive->count > keep; archive->count--) {
		const struct mz_counts *counts = &archive->rows[archive->count - 1].counts;

		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			archive->head.unattributed[d][MZ_FORGOTTEN].bytes += counts->bytes[d];
			archive->head.unattributed[d][MZ_FORGOTTEN].packets += counts->packets[d];
		}
	}
}

void archive_compact(struct archive *archive)
{
	if (archive->count)
		merge(archive);
	if (archive->count > archive->max_rows) {
		for (uint32_t i = 0; i < archive->count; i++)
			merge_into_host(&archive->rows[i]);
		merge(archive);
	}
	if (archive->count > archive->max_rows) {
		drop_least(archive);
		merge(archive);
	}
	archive->head.rows = archive->count;
	archive->changes++;
}

static int store(const struct archive *archive, int fd)
{
	size_t bytes = bytes_of(archive->count);
	struct mz_past_row *stored = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (stored == MAP_FAILED)
		return -errno;
	memcpy(stored, &archive->head, sizeof(archive->head));
	for (uint32_t i = 0; i < archive->count; i++)
		stored[MZ_PAST_HEAD + i] = to_stored(&archive->rows[i]);
	munmap(stored, bytes);
	return 0;
}

int archive_commit(const struct archive *archive, const char *dir)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	char path[PATH_MAX], fresh[PATH_MAX];
	int fd, error = path_of(dir, MZ_PAST, path);

	if (!error)
		error = path_of(dir, NAME_NEW, fresh);
	if (error)
		return error;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, MZ_PAST, sizeof(__u32), sizeof(struct mz_past_row),
		MZ_PAST_HEAD + archive->count, &options);
	if (fd < 0)
		return -errno;
	error = store(archive, fd);
	unlink(fresh); /* where a crash left one */
	if (!error && bpf_obj_pin(fd, fresh) < 0)
		error = -errno;
	if (!error && rename(fresh, path) < 0)
		error = -errno;
	close(fd);
	return error;
}
