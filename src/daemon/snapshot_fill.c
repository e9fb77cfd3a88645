// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/utf8.h"
#include "daemon/snapshot_fill.h"
#include "names/name.h"

static const uint8_t no_mac[6];

struct name {
	const char *text; /* NULL: no source knows one */
	enum names_source source;
};

static bool has_mac(const struct tally_row *row)
{
	return memcmp(row->mac, no_mac, sizeof(no_mac)) != 0;
}

/* Whether a row belongs to the same machine as the row before it. */
static bool same_machine(const struct tally *tally, uint32_t i)
{
	const struct tally_row *row = &tally->rows[i];

	return i > 0 && memcmp(row[-1].mac, row->mac, sizeof(row->mac)) == 0 &&
	       (has_mac(row) || (row[-1].family == row->family &&
					memcmp(row[-1].addr, row->addr, sizeof(row->addr)) == 0));
}

static struct names_address_name own_name(const struct names *names, const struct tally_row *row)
{
	if (tally_is_retired(row))
		return (struct names_address_name){0};
	return names_find_address(names, row->family, row->addr, row->mac);
}

/*
 * The name of the machine whose first row this is: that of its MAC, or else of its addresses. None
 * where several hosts are behind the MAC: then only their addresses have names.
 */
static struct name name_of(const struct names *names, const struct tally *tally, uint32_t i)
{
	const struct tally_row *row = &tally->rows[i];
	struct name name = {0};
	bool known, several = false;

	if (has_mac(row)) {
		name.text = names_find_mac(names, row->mac, &name.source);
		several = names_is_shared(names, row->mac);
	}
	known = name.text;
	do {
		struct names_address_name own = own_name(names, &tally->rows[i++]);

		if (!own.text || own.relation == NAMES_HELD_BY_OTHER)
			continue;
		several |= own.relation == NAMES_ONE_OF_SEVERAL;
		if (!name.text)
			name = (struct name){own.text, own.source};
		else if (!known)
			several |= !name_agrees(name.text, own.text);
	} while (i < tally->count && same_machine(tally, i));
	if (several)
		name.text = NULL;
	return name;
}

/* The name of a row: that of its machine, unless the address has another one of its own. */
static struct name name_of_row(
	const struct names *names, const struct tally_row *row, const struct name *machine)
{
	struct names_address_name own = {0};

	if (has_mac(row)) /* without a MAC, machine is this address alone */
		own = own_name(names, row);
	if (!own.text || (machine->text && (own.relation == NAMES_SAME_AS_MAC ||
						   name_agrees(own.text, machine->text))))
		return *machine;
	return (struct name){own.text, own.source};
}

/* The bytes of a name in a snapshot: one for its source before it, and a NUL behind it. */
static size_t size_of(const struct name *name)
{
	return name->text ? 1 + strlen(name->text) + 1 : 0;
}

/* Notes which MAC used which address last. */
static void note_uses(const struct tally *tally, struct names *names)
{
	for (uint32_t i = 0; i < tally->count; i++) {
		const struct tally_row *row = &tally->rows[i];

		if (!tally_is_retired(row))
			names_note_use(names, row->family, row->addr, row->mac,
				(uint32_t)row->last_seen_s);
	}
}

/* Whether every name in a snapshot still holds. Mostly so, and then names cost nothing. */
static bool same_names(
	const struct snapshot *s, const struct tally *tally, const struct names *names)
{
	return s->names_version == names_version(names) && s->rows_version == tally->version;
}

/* The bytes of all names, including the empty one at 0. */
static size_t text_needed(const struct tally *tally, const struct names *names)
{
	struct name machine = {0}, last = {0};
	size_t length = 1;

	for (uint32_t i = 0; i < tally->count; i++) {
		struct name name;

		if (!same_machine(tally, i)) {
			last = machine = name_of(names, tally, i);
			length += size_of(&machine);
		}
		name = name_of_row(names, &tally->rows[i], &machine);
		if (name.text != machine.text && name.text != last.text) {
			last = name;
			length += size_of(&name);
		}
	}
	return length;
}

static void add(struct mz_counts *sum, const struct mz_counts *counts)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		sum->bytes[d] += counts->bytes[d];
		sum->packets[d] += counts->packets[d];
	}
}

/* Whether a row belongs to the same host as the row before it, on whatever interface. */
static bool same_host(const struct tally *tally, uint32_t i)
{
	const struct tally_row *row = &tally->rows[i];

	return same_machine(tally, i) && row[-1].family == row->family;
}

/* Successive rows of one host, on all its interfaces. */
struct run {
	uint32_t first;	      /* index of the host of the first row */
	uint32_t at[MZ_NETS]; /* index of the host per interface; below first: none yet */
};

/* The names that were written last: of a machine, and of an address with a name of its own. */
struct naming {
	struct name machine, own;
	uint32_t machine_at, own_at, length;
	bool same; /* all names are those of the last snapshot: the other fields are unused */
};

static void fill_host(struct snapshot *s, const struct tally_row *row, const struct naming *naming,
	bool same, struct run *run)
{
	struct snapshot_host *hosts = (struct snapshot_host *)(s->data + s->hosts_at), *host;
	uint32_t *at = &run->at[row->net];

	if (!same)
		run->first = s->host_count;
	if (*at < run->first || *at >= s->host_count || hosts[*at].net != row->net) {
		*at = s->host_count++;
		host = &hosts[*at];
		*host = (struct snapshot_host){.family = row->family,
			.net = row->net,
			.name = naming->same ? host->name : naming->machine_at};
		memcpy(host->mac, row->mac, sizeof(host->mac));
		if (!has_mac(row))
			memcpy(host->addr, row->addr, sizeof(host->addr));
	}
	add(&hosts[*at].counts, &row->counts);
	hosts[*at].address_count += !tally_is_retired(row);
}

static void fill_address(struct snapshot *s, const struct tally_row *row, uint32_t name)
{
	struct snapshot_address *address = (struct snapshot_address *)s->data + s->address_count++;

	*address = (struct snapshot_address){
		.counts = row->counts, .family = row->family, .net = row->net, .name = name};
	memcpy(address->addr, row->addr, sizeof(address->addr));
	memcpy(address->mac, row->mac, sizeof(address->mac));
}

/* Appends a name to the snapshot's text, of which *length bytes are used. Returns its offset. */
static uint32_t put_name(struct snapshot *s, const struct name *name, uint32_t *length)
{
	unsigned char *text = s->data + s->text_at + *length;
	uint32_t at = *length + 1;
	size_t size;

	if (!name->text)
		return 0;
	size = strlen(name->text) + 1;
	*text++ = (unsigned char)name->source;
	memcpy(text, name->text, size);
	*length = at + (uint32_t)size;
	return at;
}

/* A hash table of the names that machines without a MAC have: offsets into the text; 0: free. */
struct given {
	uint32_t name[1024];
	unsigned count;
};

/* Whether outputs show both the same way: they replace all that is not UTF-8 by one character. */
static bool look_same(const char *a, const char *b)
{
	while (*a && *b) {
		size_t length_a, length_b;
		const char *of_a = utf8_next(&a, &length_a);
		const char *of_b = utf8_next(&b, &length_b);

		if (length_a != length_b || memcmp(of_a, of_b, length_a) != 0)
			return false;
	}
	return *a == *b;
}

/*
 * Whether no machine without a MAC has this name yet; takes it then. Such a machine is identified
 * by its name, or else by its address, so no two of them may share a name. Where three quarters of
 * the table are taken, no name is free.
 */
static bool is_free(struct given *given, const struct snapshot *s, uint32_t name)
{
	const unsigned mask = sizeof(given->name) / sizeof(*given->name) - 1;
	unsigned at = 5381;

	for (const char *c = snapshot_text(s, name); *c;) {
		size_t length;
		const char *character = utf8_next(&c, &length);

		for (size_t i = 0; i < length; i++)
			at = at * 33 + (unsigned char)character[i];
	}
	while (given->name[at &= mask]) {
		if (look_same(snapshot_text(s, given->name[at]), snapshot_text(s, name)))
			return false;
		at++;
	}
	if (given->count >= mask / 4 * 3)
		return false;
	given->count++;
	given->name[at] = name;
	return true;
}

static void name_machine(struct snapshot *s, const struct tally *tally, uint32_t i,
	const struct names *names, struct naming *naming)
{
	naming->machine = naming->own = name_of(names, tally, i);
	naming->machine_at = naming->own_at = put_name(s, &naming->machine, &naming->length);
}

static uint32_t name_address(struct snapshot *s, const struct tally_row *row,
	const struct names *names, struct naming *naming)
{
	struct name name;

	if (naming->same)
		return snapshot_addresses(s)[s->address_count].name;
	name = name_of_row(names, row, &naming->machine);
	if (name.text == naming->machine.text)
		return naming->machine_at;
	if (name.text != naming->own.text) {
		naming->own = name;
		naming->own_at = put_name(s, &name, &naming->length);
	}
	return naming->own_at;
}

/* Addresses that left the tables count in their hosts' sums, but have no row. */
static void fill_rows(struct snapshot *s, const struct tally *tally, const struct names *names)
{
	struct naming naming = {.length = 1, .same = same_names(s, tally, names)};
	struct given given = {0};
	struct run run = {0};

	s->data[s->text_at] = '\0';
	s->address_count = s->host_count = 0;
	for (uint32_t i = 0; i < tally->count; i++) {
		const struct tally_row *row = &tally->rows[i];

		if (!naming.same && !same_machine(tally, i)) {
			name_machine(s, tally, i, names, &naming);
			if (i > 0 && row[-1].family != row->family && !has_mac(row))
				given = (struct given){0}; /* labels include the family */
			if (naming.machine_at && !has_mac(row) &&
				!is_free(&given, s, naming.machine_at))
				naming.machine_at = 0;
		}
		if (!tally_is_retired(row))
			fill_address(s, row, name_address(s, row, names, &naming));
		fill_host(s, row, &naming, same_host(tally, i), &run);
	}
	if (naming.same)
		return;
	s->text_length = naming.length;
	s->names_version = names_version(names);
	s->rows_version = tally->version;
}

static void fill_sources(struct snapshot *s, const struct names *names)
{
	_Static_assert(NAMES_SOURCES <= SNAPSHOT_SOURCES, "each source of names has a place");

	for (uint32_t i = 0; i < NAMES_SOURCES; i++) {
		struct snapshot_source *source = &s->source[i];

		memset(source, 0, sizeof(*source));
		memccpy(source->name, names_source_text(i), 0, sizeof(source->name) - 1);
		source->name_count = (uint32_t)names_count(names, i);
	}
	s->source_count = NAMES_SOURCES;
}

size_t snapshot_needed(const struct tally *tally, struct names *names, const struct snapshot *last)
{
	size_t text;

	note_uses(tally, names);
	text = last && same_names(last, tally, names) ? last->text_length
						      : text_needed(tally, names);
	/* there are at most as many hosts as addresses */
	return sizeof(struct snapshot) + text +
	       tally->count * (sizeof(struct snapshot_address) + sizeof(struct snapshot_host));
}

void snapshot_fill(
	struct snapshot *s, const struct tally *tally, const struct names *names, uint64_t taken_ms)
{
	s->taken_ms = taken_ms;
	s->number++;
	s->hosts_at = tally->count * (uint32_t)sizeof(struct snapshot_address);
	s->text_at = s->hosts_at + tally->count * (uint32_t)sizeof(struct snapshot_host);
	memcpy(s->entries, tally->entries, sizeof(s->entries));
	memcpy(s->capacity, tally->capacity, sizeof(s->capacity));
	memcpy(s->unattributed, tally->unattributed, sizeof(s->unattributed));
	memcpy(s->nets, tally->nets, sizeof(s->nets));
	s->retired_count = tally->retired_count;
	s->kernel_bytes = tally->kernel_bytes;
	fill_rows(s, tally, names);
	fill_sources(s, names);
}
