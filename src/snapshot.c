// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot_take.h"

static const uint8_t no_mac[6];

/* Rows of one MAC follow each other, so looking at the one before finds each name once. */
static const char *name_of(const struct names *names, const struct tally *tally, uint32_t i)
{
	const uint8_t *mac = tally->rows[i].mac;

	return memcmp(mac, no_mac, sizeof(no_mac)) != 0 ? names_find(names, mac) : NULL;
}

static bool same_mac(const struct tally *tally, uint32_t i)
{
	return i > 0 &&
	       memcmp(tally->rows[i - 1].mac, tally->rows[i].mac, sizeof(tally->rows[i].mac)) == 0;
}

/* Bytes of all names with their NULs, after the empty one at 0. */
static size_t text_needed(const struct tally *tally, const struct names *names)
{
	size_t length = 1;

	for (uint32_t i = 0; i < tally->count; i++) {
		const char *name = same_mac(tally, i) ? NULL : name_of(names, tally, i);

		if (name)
			length += strlen(name) + 1;
	}
	return length;
}

/* Room for all addresses, as many hosts, and text; half as much again when it has to grow. */
static int reserve(struct snapshot **snapshot, size_t addresses, size_t text)
{
	size_t needed =
		addresses * (sizeof(struct snapshot_address) + sizeof(struct snapshot_host));
	struct snapshot *old = *snapshot, *s;

	needed += text;
	if (old && old->room >= needed)
		return 0;
	s = calloc(1, sizeof(*s) + needed + needed / 2);
	if (!s)
		return -ENOMEM;
	if (old)
		memcpy(s, old, sizeof(*s));
	s->room = needed + needed / 2;
	free(old);
	*snapshot = s;
	return 0;
}

static void add(struct mz_counts *sum, const struct mz_counts *counts)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		sum->bytes[d] += counts->bytes[d];
		sum->packets[d] += counts->packets[d];
	}
}

/* Whether a row belongs to the host of the one before it, but for the interface. */
static bool same_host(const struct tally *tally, uint32_t i)
{
	const struct tally_row *row = &tally->rows[i];

	return same_mac(tally, i) && row[-1].family == row->family &&
	       (memcmp(row->mac, no_mac, sizeof(no_mac)) != 0 ||
		       memcmp(row[-1].addr, row->addr, sizeof(row->addr)) == 0);
}

/* What rows of one host, one after another, are added to. */
struct run {
	uint32_t first;	      /* host of the run's first row */
	uint32_t at[MZ_NETS]; /* the run's host on that interface, where it is not before first */
};

static void fill_host(
	struct snapshot *s, const struct tally_row *row, uint32_t name, bool same, struct run *run)
{
	struct snapshot_host *hosts = (struct snapshot_host *)(s->data + s->hosts_at), *host;
	uint32_t *at = &run->at[row->net];

	if (!same)
		run->first = s->hosts;
	if (*at < run->first || *at >= s->hosts || hosts[*at].net != row->net) {
		*at = s->hosts++;
		host = &hosts[*at];
		*host = (struct snapshot_host){
			.family = row->family, .net = row->net, .name = name};
		memcpy(host->mac, row->mac, sizeof(host->mac));
		if (memcmp(row->mac, no_mac, sizeof(no_mac)) == 0)
			memcpy(host->addr, row->addr, sizeof(host->addr));
	}
	add(&hosts[*at].counts, &row->counts);
	hosts[*at].addresses += !tally_is_retired(row);
}

static void fill_address(struct snapshot *s, const struct tally_row *row, uint32_t name)
{
	struct snapshot_address *address = (struct snapshot_address *)s->data + s->addresses++;

	*address = (struct snapshot_address){
		.counts = row->counts, .family = row->family, .net = row->net, .name = name};
	memcpy(address->addr, row->addr, sizeof(address->addr));
	memcpy(address->mac, row->mac, sizeof(address->mac));
}

/* Addresses that left the tables are in their hosts' sums only. */
static void fill_rows(struct snapshot *s, const struct tally *tally, const struct names *names)
{
	char *text = (char *)s->data + s->text_at;
	uint32_t length = 1, last = 0;
	struct run run = {0};

	text[0] = '\0';
	s->addresses = s->hosts = 0;
	for (uint32_t i = 0; i < tally->count; i++) {
		const struct tally_row *row = &tally->rows[i];

		if (!same_mac(tally, i)) {
			const char *name = name_of(names, tally, i);
			size_t size = name ? strlen(name) + 1 : 0;

			last = size ? length : 0;
			if (size)
				memcpy(text + length, name, size);
			length += (uint32_t)size;
		}
		if (!tally_is_retired(row))
			fill_address(s, row, last);
		fill_host(s, row, last, same_host(tally, i), &run);
	}
	s->text_length = length;
}

static void fill_sources(struct snapshot *s, const struct names *names)
{
	_Static_assert(NAMES_SOURCES <= SNAPSHOT_SOURCES, "each source of names has a place");

	for (uint32_t i = 0; i < NAMES_SOURCES; i++) {
		struct snapshot_source *source = &s->source[i];

		memset(source, 0, sizeof(*source));
		memccpy(source->name, names_source_text(i), 0, sizeof(source->name) - 1);
		source->names = (uint32_t)names_count(names, i);
	}
	s->sources = NAMES_SOURCES;
}

int snapshot_take(struct snapshot **snapshot, const struct tally *tally, const struct names *names,
	uint64_t taken_ms)
{
	int error = reserve(snapshot, tally->count, text_needed(tally, names));
	struct snapshot *s = *snapshot;

	if (error)
		return error;
	s->taken_ms = taken_ms;
	s->number++;
	s->hosts_at = tally->count * (uint32_t)sizeof(struct snapshot_address);
	s->text_at = s->hosts_at + tally->count * (uint32_t)sizeof(struct snapshot_host);
	memcpy(s->entries, tally->entries, sizeof(s->entries));
	memcpy(s->capacity, tally->capacity, sizeof(s->capacity));
	memcpy(s->unattributed, tally->unattributed, sizeof(s->unattributed));
	memcpy(s->nets, tally->nets, sizeof(s->nets));
	s->retired = tally->retired;
	s->kernel_bytes = tally->kernel_bytes;
	fill_rows(s, tally, names);
	fill_sources(s, names);
	return 0;
}
