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

static void fill_addresses(struct snapshot *s, const struct tally *tally, const struct names *names)
{
	struct snapshot_address *address = (struct snapshot_address *)s->data;
	char *text = (char *)s->data + s->text_at;
	uint32_t length = 1, last = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < tally->count; i++, address++) {
		const struct tally_row *row = &tally->rows[i];

		if (!same_mac(tally, i)) {
			const char *name = name_of(names, tally, i);
			size_t size = name ? strlen(name) + 1 : 0;

			last = size ? length : 0;
			if (size)
				memcpy(text + length, name, size);
			length += (uint32_t)size;
		}
		*address = (struct snapshot_address){.counts = row->counts,
			.family = row->family,
			.net = row->net,
			.name = last};
		memcpy(address->addr, row->addr, sizeof(address->addr));
		memcpy(address->mac, row->mac, sizeof(address->mac));
	}
	s->addresses = tally->count;
	s->text_length = length;
}

static void add(struct mz_counts *sum, const struct mz_counts *counts)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		sum->bytes[d] += counts->bytes[d];
		sum->packets[d] += counts->packets[d];
	}
}

/* Whether an address belongs to the host of the one before it, but for the interface. */
static bool same_host(const struct snapshot_address *a)
{
	return a[-1].family == a->family && memcmp(a[-1].mac, a->mac, sizeof(a->mac)) == 0 &&
	       (memcmp(a->mac, no_mac, sizeof(no_mac)) != 0 ||
		       memcmp(a[-1].addr, a->addr, sizeof(a->addr)) == 0);
}

/*
 * A run of addresses of one MAC and family gives one host for each interface it was seen on.
 * at[net] is the host of this run on that interface, where it lies at or behind the run's first.
 */
static void fill_hosts(struct snapshot *s)
{
	const struct snapshot_address *address = snapshot_addresses(s);
	struct snapshot_host *hosts = (struct snapshot_host *)(s->data + s->hosts_at);
	uint32_t at[MZ_NETS] = {0}, run = 0, count = 0;

	for (uint32_t i = 0; i < s->addresses; i++, address++) {
		uint8_t net = address->net;

		if (i == 0 || !same_host(address))
			run = count;
		if (i == 0 || at[net] < run || at[net] >= count || hosts[at[net]].net != net) {
			at[net] = count;
			hosts[count] = (struct snapshot_host){
				.family = address->family, .net = net, .name = address->name};
			memcpy(hosts[count].mac, address->mac, sizeof(address->mac));
			if (memcmp(address->mac, no_mac, sizeof(no_mac)) == 0)
				memcpy(hosts[count].addr, address->addr, sizeof(address->addr));
			count++;
		}
		add(&hosts[at[net]].counts, &address->counts);
		hosts[at[net]].addresses++;
	}
	s->hosts = count;
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
	fill_addresses(s, tally, names);
	fill_hosts(s);
	fill_sources(s, names);
	return 0;
}
