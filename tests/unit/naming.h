/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of which names hosts get: files of names, counted rows, and a snapshot of both. */
#ifndef NAMING_H
#define NAMING_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mac.h"
#include "take.h"

#define NAMING_PATH 64

struct naming {
	char directory[32];
	struct names *names;
	struct tally tally;
	struct snapshot *snapshot;
};

static inline char *naming_path(const struct naming *fixture, enum names_source source, char *path)
{
	static const char *const file_of[] = {"dhcp", "leases", "ethers", "hosts"};

	snprintf(path, NAMING_PATH, "%s/%s", fixture->directory, file_of[source]);
	return path;
}

static inline int naming_enter(void **state)
{
	struct naming *fixture = calloc(1, sizeof(*fixture));
	char path[NAMING_PATH];
	int error = 0;

	*state = fixture;
	strcpy(fixture->directory, "/tmp/mz-snapshot-XXXXXX");
	if (!mkdtemp(fixture->directory))
		return -1;
	fixture->names = names_create();
	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		error |= names_add_file(fixture->names, i, naming_path(fixture, i, path));
	tally_init(&fixture->tally);
	strcpy(fixture->tally.nets[0].ifname, "br-lan");
	strcpy(fixture->tally.nets[1].ifname, "wg0");
	return error;
}

static inline int naming_leave(void **state)
{
	struct naming *fixture = *state;
	char path[NAMING_PATH];
	int error;

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		unlink(naming_path(fixture, i, path));
	error = rmdir(fixture->directory);
	names_destroy(fixture->names);
	tally_finish(&fixture->tally);
	free(fixture->snapshot);
	free(fixture);
	return error;
}

static inline void naming_write(struct naming *fixture, enum names_source source, const char *text)
{
	char path[NAMING_PATH];
	FILE *file = fopen(naming_path(fixture, source, path), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	names_refresh(fixture->names);
}

/* Adds a row. mac: "" on a device without link layer. last_seen_s: when its last packet passed. */
static inline void naming_add(
	struct naming *fixture, const char *mac, const char *addr, unsigned last_seen_s)
{
	struct tally_row row = {.last_seen_s = last_seen_s, .net = !*mac};

	row.family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	row.counts.bytes[MZ_UPLOAD] = 100;
	row.counts.packets[MZ_UPLOAD] = 1;
	assert_int_equal(inet_pton(row.family, addr, row.addr), 1);
	if (*mac)
		assert_true(mac_parse(mac, strlen(mac), row.mac));
	assert_int_equal(tally_add(&fixture->tally, &row), 0);
}

static inline void naming_take(struct naming *fixture)
{
	tally_sort(&fixture->tally);
	take_snapshot(&fixture->snapshot, &fixture->tally, fixture->names, 1);
}

/* Expects the name of an address and its source. source: NULL where it has no name. */
static inline void naming_expect(
	struct naming *fixture, const char *addr, const char *name, const char *source)
{
	const struct snapshot *s = fixture->snapshot;
	uint8_t bytes[16] = {0};

	inet_pton(strchr(addr, ':') ? AF_INET6 : AF_INET, addr, bytes);
	for (uint32_t i = 0; i < s->address_count; i++) {
		const struct snapshot_address *address = &snapshot_addresses(s)[i];

		if (memcmp(address->addr, bytes, sizeof(bytes)) != 0)
			continue;
		assert_string_equal(snapshot_text(s, address->name), name);
		assert_int_equal(address->name != 0, source != NULL);
		if (source)
			assert_string_equal(
				s->source[snapshot_text_source(s, address->name)].name, source);
		return;
	}
	fail_msg("no %s", addr);
}

/* Expects the name of the hosts of a MAC, which is the same for both IP versions. */
static inline void naming_expect_host(struct naming *fixture, const char *mac, const char *name)
{
	const struct snapshot *s = fixture->snapshot;
	bool found = false;
	uint8_t bytes[6];

	assert_true(mac_parse(mac, strlen(mac), bytes));
	for (uint32_t i = 0; i < s->host_count; i++) {
		const struct snapshot_host *host = &snapshot_hosts(s)[i];

		if (memcmp(host->mac, bytes, sizeof(bytes)) != 0)
			continue;
		assert_string_equal(snapshot_text(s, host->name), name);
		found = true;
	}
	assert_true(found);
}

#endif
