/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A house whose history of years is made in seconds. Hours go to the database by the calls that the
 * recorder makes at a commit, without the snapshots and slices before them, which are in memory.
 *
 * The model: lognormal hosts. One address family of a host is active in 46 % of the days, 33 % of
 * the hours and 23 % of the slots of five minutes.
 */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"

#include "history/store.h"

#define DAY_ACTIVE   0.46
#define HOUR_ACTIVE  (0.33 / 0.46) /* of an active day */
#define SLOT_ACTIVE  (0.23 / 0.33) /* of an active hour */
#define DAY_SECONDS  86400
#define KEPT_HOURS   62 /* days of them */
#define WATCHED_DAYS 3	/* whose bytes written are counted */

struct house {
	struct store store;
	struct zone zone;
	struct store_position position;
	size_t series; /* two of each host */
	int64_t *id;
	double *mean; /* ln of bytes in a slot */
	bool *active; /* today */
	struct mz_counts *counter;
	uint64_t rows, written; /* while bytes are counted */
	double commit_ms;	/* the longest of them */
	int64_t now;		/* the end of what is in the history */
};

static inline double chance(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0; /* 2^53 */
}

static inline double normal(void)
{
	return sqrt(-2 * log(1 - chance())) * cos(2 * M_PI * chance());
}

static inline struct history_key key_of(size_t series)
{
	size_t host = series / 2;
	struct history_key key = {.interface = "br-lan",
		.mac = {2, 0, (uint8_t)(host >> 24), (uint8_t)(host >> 16), (uint8_t)(host >> 8),
			(uint8_t)host},
		.family = series % 2 ? AF_INET6 : AF_INET};

	return key;
}

static inline int begin(struct house *house, const char *dir, size_t hosts)
{
	int error = store_open(&house->store, dir, 0, true);

	if (error) {
		fprintf(stderr, "%s: %s\n", dir, strerror(-error));
		return -1;
	}
	house->series = 2 * hosts;
	house->id = calloc(house->series, sizeof(*house->id));
	house->mean = calloc(house->series, sizeof(*house->mean));
	house->active = calloc(house->series, sizeof(*house->active));
	house->counter = calloc(house->series, sizeof(*house->counter));
	if (!house->id || !house->mean || !house->active || !house->counter ||
		store_begin(&house->store) != 0)
		return -1;
	for (size_t i = 0; i < house->series; i++) {
		struct history_key key = key_of(i);
		char name[32];

		snprintf(name, sizeof(name), "host-%zu", i / 2);
		house->mean[i] = 11 + 2 * normal();
		house->id[i] = store_host(&house->store, &key, name, "uci");
		if (house->id[i] < 0)
			return -1;
	}
	house->position.boot = store_boot(&house->store, "8f3c1a52-0b1d-4f5e-9a67-3c2d1e0f9b8a");
	house->position.tables = house->position.journal = 4711;
	return house->position.boot < 0 ? -1 : store_commit(&house->store);
}

static inline void finish(struct house *house)
{
	store_close(&house->store);
	zone_free(&house->zone);
	free(house->id);
	free(house->mean);
	free(house->active);
	free(house->counter);
}

/* The traffic of one series in that many slots. */
static inline struct mz_counts traffic(const struct house *house, size_t series, unsigned slots)
{
	struct mz_counts sum = {0};

	for (unsigned i = 0; i < slots; i++) {
		double down = exp(house->mean[series] + normal());

		if (i > 0 && chance() > SLOT_ACTIVE)
			continue;
		sum.bytes[MZ_DOWNLOAD] += (uint64_t)down + 60;
		sum.bytes[MZ_UPLOAD] += (uint64_t)(down * 0.1) + 60;
		sum.packets[MZ_DOWNLOAD] += (uint64_t)(down / 1200) + 1;
		sum.packets[MZ_UPLOAD] += (uint64_t)(down / 2400) + 1;
	}
	return sum;
}

static inline int add(
	struct house *house, size_t series, int64_t start, const struct mz_counts *counts)
{
	struct mz_counts *counter = &house->counter[series];

	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		counter->bytes[d] += counts->bytes[d];
		counter->packets[d] += counts->packets[d];
	}
	house->rows++;
	if (store_add_hour(&house->store, &house->zone, start, start + 3600, false,
		    house->id[series], counts) != 0)
		return -1;
	return store_set_counter(&house->store, house->id[series], counter);
}

/* What comes with the rows of a commit. */
static inline int commit(struct house *house, int64_t start)
{
	house->position.taken += house->now - start;
	house->position.slice += (uint64_t)(house->now - start) / 300;
	if (store_add_recorded(&house->store, start, house->now, HISTORY_GAP_DAEMON) != 0 ||
		store_set_position(&house->store, &house->position) != 0 ||
		store_expire(&house->store, &house->zone) != 0)
		return -1;
	return store_commit(&house->store);
}

static inline void wake(struct house *house)
{
	for (size_t i = 0; i < house->series; i++)
		house->active[i] = chance() < DAY_ACTIVE;
}

/* A day that will be no more than its sums: one row for each, in some hour, and one commit. */
static inline int pass_day_of_sums(struct house *house)
{
	int64_t start = house->now;
	uint64_t hours = (uint64_t)(24 * HOUR_ACTIVE);

	wake(house);
	house->now += DAY_SECONDS;
	if (store_begin(&house->store) != 0)
		return -1;
	for (unsigned hour = 0; hour < 24; hour++)
		for (size_t i = hour; i < house->series; i += 24) {
			struct mz_counts counts;

			if (!house->active[i])
				continue;
			counts = traffic(house, i, 12);
			for (int d = 0; d < MZ_DIRECTIONS; d++) {
				counts.bytes[d] *= hours;
				counts.packets[d] *= hours;
			}
			if (add(house, i, start + 3600 * hour, &counts) != 0)
				return -1;
		}
	return commit(house, start);
}

static inline int pass_hour(struct house *house)
{
	int64_t start = house->now;

	house->now += 3600;
	for (size_t i = 0; i < house->series; i++) {
		struct mz_counts counts;

		if (!house->active[i] || chance() > HOUR_ACTIVE)
			continue;
		counts = traffic(house, i, 12);
		if (add(house, i, start, &counts) != 0)
			return -1;
	}
	return 0;
}

/* often: a commit an hour, as the recorder does; else one a day. */
static inline int pass_day(struct house *house, bool often)
{
	int64_t start = house->now;

	wake(house);
	for (unsigned hour = 0; hour < 24; hour++) {
		double began = now_ms();

		if ((often || hour == 0) && store_begin(&house->store) != 0)
			return -1;
		if (pass_hour(house) != 0)
			return -1;
		if (!often && hour != 23)
			continue;
		if (commit(house, often ? house->now - 3600 : start) != 0)
			return -1;
		if (often && now_ms() - began > house->commit_ms)
			house->commit_ms = now_ms() - began;
	}
	return 0;
}

/* Bytes that this process handed to write(2) and its kin so far. */
static inline uint64_t written(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	unsigned long long bytes = 0;
	char line[64];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "wchar: %llu", &bytes) == 1)
			break;
	if (file)
		fclose(file);
	return bytes;
}

/* Adds days up to end; the last WATCHED_DAYS of them with a commit an hour. */
static inline int live(struct house *house, unsigned days, int64_t end, bool watch)
{
	house->now = end - (int64_t)days * DAY_SECONDS;
	for (unsigned day = 0; day < days; day++) {
		bool last = watch && day >= days - WATCHED_DAYS;
		bool sums = day + KEPT_HOURS + 2 < days;

		if (watch && day == days - WATCHED_DAYS) {
			house->rows = 0;
			house->written = written();
		}
		if ((sums ? pass_day_of_sums(house) : pass_day(house, last)) != 0) {
			fprintf(stderr, "day %u: %s\n", day, sqlite_message(&house->store.db));
			return -1;
		}
	}
	house->written = written() - house->written;
	return 0;
}

#endif
