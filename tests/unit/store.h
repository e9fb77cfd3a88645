/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of the database share: a directory of its own, zones, hosts, sums. */
#ifndef STORE_TEST_H
#define STORE_TEST_H

#include "unit.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "history/store.h"

#define FIRST_DAY 19800 /* 2024-03-18 */

/* Central Europe in 2024 */
static struct zone_change berlin_changes[] = {
	{INT64_MIN, 3600}, {1711846800, 7200}, {1729990800, 3600}};
static const struct zone berlin = {
	.name = "Europe/Berlin", .changes = berlin_changes, .count = 3, .end = INT64_MAX};

static struct zone_change kathmandu_changes[] = {{INT64_MIN, 20700}};
static const struct zone kathmandu = {
	.name = "Asia/Kathmandu", .changes = kathmandu_changes, .count = 1, .end = INT64_MAX};

/* Mounts a private RAM disk, where that is allowed: it ends with the process, even when killed. */
static inline int store_isolate(void **state)
{
	static char private[] = "/mnt", shared[] = "/tmp";

	*state = shared;
	if (unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("tmpfs", private, "tmpfs", 0, "mode=1777") == 0)
		*state = private;
	return 0;
}

/* Each test has a directory of its own, which is *state. */
static inline int store_enter(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/mz-store-XXXXXX", (const char *)*state);
	if (!mkdtemp(path))
		return -1;
	*state = strdup(path);
	return *state ? 0 : -1;
}

static inline void store_remove(const char *path)
{
	char inside[PATH_MAX];
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(inside, sizeof(inside), "%.512s/%s", path, entry->d_name);
		if (unlink(inside) < 0)
			store_remove(inside);
	}
	if (directory)
		closedir(directory);
	rmdir(path);
}

static inline int store_leave(void **state)
{
	store_remove(*state);
	free(*state);
	return 0;
}

/* The host of a number. */
static inline struct history_key store_key(unsigned number)
{
	struct history_key key = {.interface = "br-lan", .family = AF_INET};

	key.mac[0] = 2;
	key.mac[4] = (uint8_t)(number >> 8);
	key.mac[5] = (uint8_t)number;
	return key;
}

static inline int64_t store_host_id(struct store *store, unsigned number)
{
	struct history_key key = store_key(number);
	int64_t id = store_host(store, &key, NULL, NULL);

	assert_true(id > 0);
	return id;
}

/* The only integer of a query; 0 for NULL. */
static inline int64_t store_ask(struct store *store, const char *sql)
{
	struct sqlite_statement ask = {.sql = sql};
	int64_t value;

	assert_int_equal(sqlite_first(&store->db, &ask, ""), 1);
	value = sqlite_integer(&ask, 0);
	sqlite_finalize(&ask);
	return value;
}

#define HOUR 3600
#define NOON (FIRST_DAY * (int64_t)86400 + 12 * HOUR)

static const struct mz_counts some = {{100, 1000}, {1, 10}};

/* The path of a file in a directory; valid for three more calls. */
static inline const char *in(const char *directory, const char *name)
{
	static char path[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", directory, name);
	return path[turn];
}

static inline void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* A database with an hour of some 200 hosts, closed. */
static inline void fill(const char *directory)
{
	struct store store;

	assert_int_equal(store_open(&store, directory, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	for (unsigned i = 1; i < 200; i++)
		store_add_hour(
			&store, &berlin, NOON, NOON + HOUR, false, store_host_id(&store, i), &some);
	assert_int_equal(store_commit(&store), 0);
	store_close(&store);
}

#endif
