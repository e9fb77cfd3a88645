/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A router on which a recorder runs, in the hands of a test: its counters, its clock and its files.
 * Years pass in milliseconds. The recorder runs in this process, without its sandbox.
 */
#ifndef ROUTER_H
#define ROUTER_H

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "counted.h"
#include "history/recorder.h"
#include "history/recorder_private.h"
#include "zones.h"

#define INTERVAL 5
#define SUMMER	 INT64_C(1784548800) /* 2026-07-20 12:00 UTC */
#define CET	 "CET-1CEST,M3.5.0,M10.5.0/3"

/* The clock of the machine, and what its NTP client says. */
static int64_t router_boot_ms, router_offset_ms;
static bool router_synchronized;

uint64_t clock_us(clockid_t clock)
{
	if (clock == CLOCK_PROCESS_CPUTIME_ID)
		return 0;
	return (uint64_t)(router_boot_ms + (clock == CLOCK_REALTIME ? router_offset_ms : 0)) * 1000;
}

static inline void router_read_clock(struct timekeeper_reading *reading, const char *stamp)
{
	(void)stamp;
	*reading = (struct timekeeper_reading){.boot_ms = router_boot_ms,
		.date_ms = router_boot_ms + router_offset_ms,
		.unsynchronized = !router_synchronized,
		.systemd_synchronized = router_synchronized,
		.max_error_us = router_synchronized ? 1000 : 16000000};
}

struct router {
	char state[64], recent[64];
	struct recorder_options options;
	struct counted kernel;
	struct mz_counts before[COUNTED_HOSTS + 1]; /* of tables that are gone */
	struct snapshot_shared shared;
	struct recorder *recorder;
	char boot_id[64];
	bool hides_boot; /* the kernel does */
	unsigned boots, restarts;
	uint64_t seed;
};

/* As the daemon does it. */
static inline void router_prepare(struct router *router)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	assert_non_null(recorder);
	router->recorder = recorder;
	recorder->options = &router->options;
	recorder->read_clock = router_read_clock;
	snprintf(recorder->boot_id, sizeof(recorder->boot_id), "%s", router->boot_id);
	assert_int_equal(snapshot_shared_open(&recorder->shared, dup(router->shared.fd)), 0);
	assert_int_equal(recorder_prepare(recorder), 0);
}

static inline void router_start(struct router *router)
{
	router_prepare(router);
	assert_int_equal(recorder_start(router->recorder), 0);
}

/* Nothing is written any more: the process dies here. */
static inline void router_kill(struct router *router)
{
	recorder_close(router->recorder);
	snapshot_shared_close(&router->recorder->shared);
	close(router->recorder->process.statm);
	free(router->recorder);
	router->recorder = NULL;
}

static inline void router_publish(struct router *router)
{
	struct snapshot *snapshot =
		snapshot_shared_begin(&router->shared, sizeof(*snapshot) + COUNTED_ROOM);

	assert_non_null(snapshot);
	counted_fill(snapshot, &router->kernel);
	snapshot_shared_end(&router->shared, (uint64_t)router_boot_ms);
}

/* Counters begin anew: those that were are in slices now. */
static inline void router_new_tables(struct router *router)
{
	for (unsigned i = 0; i <= COUNTED_HOSTS; i++)
		sums_add(&router->before[i], counted_of(&router->kernel, i));
	router->kernel = (struct counted){
		.tables = router->kernel.tables + 1, .since_s = (uint64_t)(router_boot_ms / 1000)};
}

/* A boot: the memory is empty, the clock says what it says. date_ms: at the start, since 1970. */
static inline void router_boot(struct router *router, int64_t date_ms)
{
	char file[96];

	snprintf(file, sizeof(file), "%s/%s", router->recent, RECENT_FILE);
	unlink(file);
	router_boot_ms = 20000;
	router_offset_ms = date_ms - router_boot_ms;
	router_synchronized = false;
	snprintf(router->boot_id, sizeof(router->boot_id), "boot %u", ++router->boots);
	if (router->hides_boot)
		router->boot_id[0] = '\0';
	router_new_tables(router);
	router_publish(router);
	router_start(router);
}

/* Takes what the recorder wishes: another one, at once. */
static inline void router_heed(struct router *router)
{
	if (!router->recorder->again)
		return;
	router->restarts++;
	router_kill(router);
	router_start(router);
}

/* So many seconds pass. */
static inline void router_pass(struct router *router, int64_t seconds)
{
	for (; seconds > 0; seconds -= INTERVAL) {
		router_boot_ms += INTERVAL * 1000;
		counted_rise(&router->kernel, &router->seed);
		router_publish(router);
		recorder_pull(router->recorder);
		router_heed(router);
	}
}

/* In long steps, as far apart as a slice. */
static inline void router_pass_fast(struct router *router, int64_t seconds)
{
	for (; seconds > 0; seconds -= RECORDER_SLICE) {
		router_boot_ms += (RECORDER_SLICE - INTERVAL) * 1000;
		router_pass(router, INTERVAL);
	}
}

/* What the clients did to the clock. */
static inline void router_set_clock(int64_t date_ms, bool proof)
{
	router_offset_ms = date_ms - router_boot_ms;
	router_synchronized = proof;
}

/* A clean stop, as at a shutdown. */
static inline void router_stop(struct router *router)
{
	recorder_finish(router->recorder);
	router_kill(router);
}

/* What the database has of a host between two dates, and what it holds without one. */
static inline struct mz_counts router_stored(
	struct router *router, unsigned host, int64_t from, int64_t to, bool held)
{
	static struct sqlite_statement sum = {
		.sql = "SELECT ifnull(sum(upload_bytes), 0), ifnull(sum(download_bytes), 0),"
		       " ifnull(sum(upload_packets), 0), ifnull(sum(download_packets), 0) FROM ("
		       "SELECT * FROM hour_traffic WHERE start >= ?1 AND start < ?2 UNION ALL "
		       "SELECT * FROM day_traffic WHERE start >= ?1 AND start < ?2 UNION ALL "
		       "SELECT * FROM held_traffic WHERE ?3) JOIN host ON host.id = host"
		       " WHERE mac = ?4"};
	char mac[24] = "";
	struct mz_counts counts;

	if (host < COUNTED_HOSTS)
		snprintf(mac, sizeof(mac), "02:00:00:00:00:%02x", host);
	assert_non_null(router->recorder->store.db.handle);
	assert_int_equal(sqlite_first(&router->recorder->store.db, &sum, "iiit", from, to,
				 (int64_t)held, mac),
		1);
	counts = sqlite_counts(&sum, 0);
	sqlite_done(&sum);
	return counts;
}

struct router_slices {
	const struct ledger *ledger;
	struct mz_counts of[COUNTED_HOSTS + 1];
};

static inline int router_add_row(
	void *context, const struct recent_slice *slice, const struct ledger_row *row)
{
	struct router_slices *sum = context;
	const struct history_key *key = row ? &sum->ledger->series[row->series].key : NULL;

	(void)slice;
	if (row)
		sums_add(&sum->of[key->reason ? COUNTED_HOSTS : key->mac[5]], &row->counts);
	return 0;
}

/* The database and the slices that are not in it have all that was counted, to the byte. */
static inline void router_check(struct router *router)
{
	struct recorder *recorder = router->recorder;
	struct router_slices sum = {.ledger = &recorder->ledger};

	assert_int_equal(recent_each(&recorder->recent, &recorder->ledger,
				 recorder_stored(recorder), router_add_row, &sum),
		0);
	for (unsigned i = 0; i <= COUNTED_HOSTS; i++) {
		const struct mz_counts stored =
			router_stored(router, i, INT64_MIN, INT64_MAX, true);
		const struct history_key key = counted_key(i);
		int64_t index = ledger_find(&recorder->ledger, &key);
		struct mz_counts expected = router->before[i];

		if (index >= 0 && recorder->ledger.tables == router->kernel.tables)
			sums_add(&expected, &recorder->ledger.series[index].counter);
		sums_add(&sum.of[i], &stored);
		assert_memory_equal(&sum.of[i], &expected, sizeof(expected));
	}
}

/* All that was counted is in the database, with dates between these two. */
static inline void router_check_all_between(struct router *router, int64_t from, int64_t to)
{
	for (unsigned i = 0; i <= COUNTED_HOSTS; i++) {
		const struct mz_counts stored = router_stored(router, i, from, to, false);
		struct mz_counts expected = router->before[i];

		sums_add(&expected, counted_of(&router->kernel, i));
		assert_memory_equal(&stored, &expected, sizeof(expected));
	}
}

static inline bool router_has(const struct router *router, enum history_trouble trouble)
{
	return router->recorder->report.trouble >> trouble & 1;
}

static inline void router_remove(const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

/* Before each test. */
static inline int router_set_up(void **state)
{
	struct router *router = calloc(1, sizeof(*router));

	if (!router || sqlite_load() < 0)
		return -1;
	*state = router;
	strcpy(router->state, "/tmp/mz-state-XXXXXX");
	strcpy(router->recent, "/tmp/mz-recent-XXXXXX");
	router->seed = 1;
	router->options = (struct recorder_options){.state = mkdtemp(router->state),
		.recent = mkdtemp(router->recent),
		.interval = INTERVAL,
		.commit = 3600,
		.state_size = 64 << 20};
	write_text(path[ZONE_TZ], CET);
	return router->options.state && router->options.recent
		       ? snapshot_shared_create(&router->shared)
		       : -1;
}

static inline int router_tear_down(void **state)
{
	struct router *router = *state;

	if (router->recorder)
		router_kill(router);
	snapshot_shared_close(&router->shared);
	router_remove(router->state);
	router_remove(router->recent);
	free(router);
	return 0;
}

#define ROUTER_TEST(name) cmocka_unit_test_setup_teardown(name, router_set_up, router_tear_down)

#endif
