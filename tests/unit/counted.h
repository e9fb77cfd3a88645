/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters as the kernel has them, and snapshots of them, for what keeps the history. */
#ifndef COUNTED_H
#define COUNTED_H

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "history/sums.h"
#include "model/history.h"
#include "model/snapshot.h"

#define COUNTED_HOSTS 20
#define COUNTED_NAME  8 /* bytes of a name, with the byte before it that is its source */
#define COUNTED_ROOM                                                                               \
	(COUNTED_HOSTS * (sizeof(struct snapshot_host) + COUNTED_NAME) + 1) /* bytes of data */

struct counted {
	uint64_t tables, since_s, number;
	struct mz_counts host[COUNTED_HOSTS];
	struct mz_counts unattributed; /* table full */
	bool not_whole, named;
	unsigned quiet; /* 1 + the host without traffic; 0: none */
};

/* The key of a host, and of what is not attributed, as the last one. */
static inline struct history_key counted_key(unsigned i)
{
	struct history_key key = {.family = i % 2 ? AF_INET6 : AF_INET};

	if (i == COUNTED_HOSTS)
		return (struct history_key){.reason = 1 + MZ_TABLE_FULL};
	memcpy(key.interface, "lan", 4);
	key.mac[0] = 2;
	key.mac[5] = (uint8_t)i;
	return key;
}

static inline const struct mz_counts *counted_of(const struct counted *counted, unsigned i)
{
	return i == COUNTED_HOSTS ? &counted->unattributed : &counted->host[i];
}

/* A random number below limit, of the same sequence each time. */
static inline uint64_t counted_random(uint64_t *seed, uint64_t limit)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return (*seed >> 33) % limit;
}

static inline void counted_add(struct mz_counts *counts, uint64_t bytes)
{
	counts->bytes[MZ_DOWNLOAD] += bytes;
	counts->bytes[MZ_UPLOAD] += bytes / 7;
	counts->packets[MZ_DOWNLOAD] += 1 + bytes / 1000;
	counts->packets[MZ_UPLOAD] += 1 + bytes / 3000;
}

/* Some of the hosts have traffic. */
static inline void counted_rise(struct counted *counted, uint64_t *seed)
{
	for (unsigned i = 0; i < COUNTED_HOSTS; i++)
		if (counted_random(seed, 3) == 0 && i + 1 != counted->quiet)
			counted_add(&counted->host[i], counted_random(seed, 1000000));
	if (counted_random(seed, 10) == 0)
		counted_add(&counted->unattributed, counted_random(seed, 10000));
}

/* snapshot: with COUNTED_ROOM bytes of data. */
static inline void counted_fill(struct snapshot *snapshot, struct counted *counted)
{
	struct snapshot_host *hosts = (struct snapshot_host *)snapshot->data;

	memset(snapshot, 0, sizeof(*snapshot));
	memset(snapshot->data, 0, COUNTED_ROOM);
	snapshot->number = ++counted->number;
	snapshot->tables = counted->tables;
	snapshot->tables_since_s = counted->since_s;
	snapshot->whole = !counted->not_whole;
	snapshot->host_count = COUNTED_HOSTS;
	snapshot->text_at = COUNTED_HOSTS * sizeof(*hosts);
	snapshot->text_length = COUNTED_HOSTS * COUNTED_NAME + 1;
	snapshot->source_count = 1;
	strcpy(snapshot->source[0].name, "leases");
	memcpy(snapshot->nets[0].ifname, "lan", 4);
	for (unsigned i = 0; i < COUNTED_HOSTS; i++) {
		const struct history_key key = counted_key(i);

		hosts[i].counts = counted->host[i];
		hosts[i].family = key.family;
		memcpy(hosts[i].mac, key.mac, sizeof(key.mac));
		if (counted->named) {
			hosts[i].name = 1 + i * COUNTED_NAME + 1;
			snprintf((char *)snapshot->data + snapshot->text_at + hosts[i].name,
				COUNTED_NAME - 1, "box-%02u", i % 100);
		}
	}
	for (int d = 0; d < MZ_DIRECTIONS; d++)
		snapshot->unattributed[d][MZ_TABLE_FULL] = (struct mz_volume){
			counted->unattributed.bytes[d], counted->unattributed.packets[d]};
}

#endif
