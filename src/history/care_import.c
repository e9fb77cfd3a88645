// SPDX-License-Identifier: GPL-2.0-or-later
/* Adds another program's counts to days. */
#include "history/care.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "history/sums.h"

#define INTERFACE "br-lan" /* OpenWrt's, which nlbwmon comes from */

/* The interface that a host of that MAC and IP version was seen on, else that of most hosts. */
static struct sqlite_statement find_interface = {
	.sql = "SELECT interface FROM host WHERE reason = '' AND interface <> ''"
	       " GROUP BY interface ORDER BY max(mac = ?1 AND mac <> '' AND ip_version = ?2) DESC,"
	       " count(*) DESC, interface LIMIT 1"};

static struct sqlite_statement find_rows = {
	.sql = "SELECT EXISTS (SELECT * FROM day_traffic WHERE start >= ?1 AND start < ?2"
	       " AND host = ?3) OR EXISTS (SELECT * FROM hour_traffic WHERE start >= ?1"
	       " AND start < ?2 AND host = ?3)"};

/* Beyond 63 bits, SQLite goes on with rounded numbers. No row of a day is above the day's sum. */
static struct sqlite_statement find_rounded = {
	.sql = "SELECT EXISTS (SELECT * FROM day WHERE 'real' IN (typeof(upload_bytes),"
	       " typeof(download_bytes), typeof(upload_packets), typeof(download_packets)))"};

/* Returns the id of the row's host, or -errno. */
static int64_t host_of(
	struct store *store, const struct care_import *import, const struct nlbwmon_row *row)
{
	struct history_key key = {.family = row->family};
	const char *interface = import->interface;
	char mac[18];
	int found;

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", row->mac[0], row->mac[1],
		row->mac[2], row->mac[3], row->mac[4], row->mac[5]);
	memcpy(key.mac, row->mac, sizeof(key.mac));
	memcpy(key.addr, row->addr, sizeof(key.addr));
	found = sqlite_first(
		&store->db, &find_interface, "ti", mac, (int64_t)(row->family == AF_INET ? 4 : 6));
	if (found < 0)
		return found;
	if (!interface)
		interface = found == 1 ? sqlite_text(&find_interface, 0) : INTERFACE;
	memcpy(key.interface, interface, strnlen(interface, sizeof(key.interface)));
	sqlite_done(&find_interface);
	return store_host(store, &key, NULL, NULL);
}

/* Refuses days that have rows of the same hosts: this may be the second time. */
static int check_days(struct store *store, const struct care_import *import, const int64_t *hosts,
	int64_t *day, int64_t *hosts_there)
{
	for (*day = import->first; *day <= import->last; ++*day) {
		int64_t start = zone_day_start(import->zone, *day);
		int64_t end = zone_day_start(import->zone, *day + 1);

		*hosts_there = 0;
		for (size_t i = 0; i < import->found->count; i++) {
			int found =
				sqlite_first(&store->db, &find_rows, "iii", start, end, hosts[i]);

			if (found < 0)
				return found;
			*hosts_there += found == 1 && sqlite_integer(&find_rows, 0);
			sqlite_done(&find_rows);
		}
		if (*hosts_there)
			return -EEXIST;
	}
	return 0;
}

/* The part of a total that is from from to to of length seconds: the parts add up to it. */
static struct mz_counts part_of(
	const struct mz_counts *total, uint64_t from, uint64_t to, uint64_t length)
{
	struct mz_counts part;

	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		part.bytes[d] = sums_between(0, total->bytes[d], to, length) -
				sums_between(0, total->bytes[d], from, length);
		part.packets[d] = sums_between(0, total->packets[d], to, length) -
				  sums_between(0, total->packets[d], from, length);
	}
	return part;
}

static int add_days(struct store *store, const struct care_import *import, const int64_t *hosts)
{
	int64_t first = zone_day_start(import->zone, import->first);
	int64_t last = zone_day_start(import->zone, import->last + 1);
	int error = 0;

	for (int64_t day = import->first; !error && day <= import->last; day++) {
		uint64_t from = (uint64_t)(zone_day_start(import->zone, day) - first);
		uint64_t to = (uint64_t)(zone_day_start(import->zone, day + 1) - first);

		for (size_t i = 0; !error && i < import->found->count; i++) {
			struct mz_counts part = part_of(
				&import->found->rows[i].counts, from, to, (uint64_t)(last - first));

			if (!sums_are_zero(&part))
				error = store_add_day(
					store, import->zone, day, true, hosts[i], &part);
		}
	}
	return error ? error : store_add_recorded(store, first, last, HISTORY_GAP_OFF);
}

static int check_sums(struct store *store)
{
	int found = sqlite_first(&store->db, &find_rounded, "");

	if (found == 1)
		found = sqlite_integer(&find_rounded, 0) ? -EOVERFLOW : 0;
	sqlite_done(&find_rounded);
	return found;
}

static int import_into(struct store *store, const struct care_import *import, int64_t *hosts,
	int64_t *day, int64_t *hosts_there)
{
	int error = 0;

	for (size_t i = 0; !error && i < import->found->count; i++) {
		hosts[i] = host_of(store, import, &import->found->rows[i]);
		error = hosts[i] < 0 ? (int)hosts[i] : 0;
	}
	if (!error && !import->add)
		error = check_days(store, import, hosts, day, hosts_there);
	if (!error)
		error = add_days(store, import, hosts);
	return error ? error : check_sums(store);
}

int care_import(
	const char *dir, const struct care_import *import, int64_t *day, int64_t *hosts_there)
{
	int64_t *hosts;
	struct store store;
	int error;

	if (import->last < import->first || !import->found->count ||
		zone_day_start(import->zone, import->last + 1) <=
			zone_day_start(import->zone, import->first))
		return -EINVAL;
	error = care_open(&store, dir);
	if (error)
		return error;
	hosts = calloc(import->found->count, sizeof(*hosts));
	error = hosts ? store_begin(&store) : -ENOMEM;
	if (!error)
		error = import_into(&store, import, hosts, day, hosts_there);
	if (error)
		store_rollback(&store);
	else
		error = store_commit(&store);
	free(hosts);
	store_close(&store);
	return error;
}
