// SPDX-License-Identifier: GPL-2.0-or-later
#include "store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "history/store.h"

#define DAY 86400

static void hosts_come_back_as_they_were(void **state)
{
	struct history_key keys[5] = {store_key(1), store_key(2)};
	struct history_host host;
	struct store store;
	int64_t ids[5];

	memcpy(keys[1].interface, "a-name-of-16-by!", 16);
	keys[1].family = AF_INET6;
	memset(&keys[2], 0, sizeof(keys[2]));
	memcpy(keys[2].interface, "wg0", 3);
	keys[2].family = AF_INET6;
	inet_pton(AF_INET6, "2001:db8::5", keys[2].addr);
	memset(&keys[3], 0, sizeof(keys[3]));
	keys[3].reason = 1 + MZ_UNTRACKED;
	memset(&keys[4], 0, sizeof(keys[4]));
	keys[4].reason = HISTORY_FORGOTTEN_HOSTS;
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	for (int i = 0; i < 5; i++) {
		ids[i] = store_host(&store, &keys[i], i ? NULL : "tv", i ? NULL : "uci");
		assert_true(ids[i] > 0);
		assert_int_equal(
			store_add_hour(&store, &berlin, NOON, NOON + HOUR, false, ids[i], &some),
			0);
	}
	/* another name; none given: the last known one stays */
	assert_int_equal(store_host(&store, &keys[0], "telly", "leases"), ids[0]);
	assert_int_equal(store_host(&store, &keys[0], NULL, NULL), ids[0]);
	assert_int_equal(store_commit(&store), 0);
	store_close(&store);

	assert_int_equal(store_open_to_read(&store, *state), 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(store_get_host(&store, ids[i], &host), 0);
		assert_memory_equal(&host.key, &keys[i], sizeof(keys[i]));
		assert_string_equal(host.name, i ? "" : "telly");
		assert_string_equal(host.source, i ? "" : "leases");
	}
	assert_int_equal(store_get_host(&store, 77, &host), -ENOENT);
	store_close(&store);
}

static int take_counter(
	void *context, int64_t id, const struct history_host *of, const struct mz_counts *counter)
{
	struct history_key key = store_key(7);

	assert_true(id > 0);
	assert_memory_equal(&of->key, &key, sizeof(key));
	assert_int_equal(counter->bytes[MZ_DOWNLOAD], INT64_MAX);
	++*(int *)context;
	return 0;
}

static void counters_and_position_come_back(void **state)
{
	struct store_position position = {1, UINT64_MAX - 5, 1234, UINT64_MAX, 42}, found;
	const struct mz_counts counter = {{5, INT64_MAX}, {1, 2}};
	struct store store;
	int count = 0;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_get_position(&store, &found), 0);
	assert_int_equal(found.tables | found.journal | (uint64_t)found.boot, 0);
	assert_int_equal(store_begin(&store), 0);
	assert_int_equal(store_set_counter(&store, store_host_id(&store, 7), &some), 0);
	assert_int_equal(store_set_counter(&store, store_host_id(&store, 7), &counter), 0);
	assert_int_equal(store_set_position(&store, &position), 0);
	assert_int_equal(store_commit(&store), 0);
	store_close(&store);

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_get_position(&store, &found), 0);
	assert_memory_equal(&found, &position, sizeof(found));
	assert_int_equal(store_each_counter(&store, take_counter, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(store_clear_counters(&store), 0);
	store_close(&store);
	/* no row names the host any more */
	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM host"), 0);
	store_close(&store);
}

static void what_is_rolled_back_has_not_been(void **state)
{
	struct history_report report = {0};
	struct store store;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	store_add_hour(&store, &berlin, NOON, NOON + HOUR, false, store_host_id(&store, 1), &some);
	store_rollback(&store);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM hour"), 0);
	assert_int_equal(store_fill_report(&store, &report), 0);
	assert_int_equal(report.rows[HISTORY_HOUR], 0);
	/* the hour's row is made again */
	assert_int_equal(store_begin(&store), 0);
	store_add_hour(&store, &berlin, NOON, NOON + HOUR, true, store_host_id(&store, 1), &some);
	store_add_hour(&store, &berlin, NOON, NOON + HOUR, false, store_host_id(&store, 1), &some);
	assert_int_equal(store_commit(&store), 0);
	assert_int_equal(store_ask(&store, "SELECT sum(upload_bytes) FROM hourly"), 200);
	assert_int_equal(store_ask(&store, "SELECT estimated FROM hour"), 1);
	assert_int_equal(store_fill_report(&store, &report), 0);
	assert_int_equal(report.rows[HISTORY_HOUR], 1);
	assert_int_equal(report.reach[HISTORY_HOUR], NOON);
	assert_int_equal(report.reach[HISTORY_DAY], NOON);
	assert_int_equal(report.hosts, 1);
	assert_true(report.bytes > 0);
	assert_true(store.written >= report.bytes);
	store_close(&store);
}

static void two_recorders_do_not_share_a_directory(void **state)
{
	struct store store, other;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_open(&other, *state, 0, true), -EBUSY);
	/* but others may read, and write between its transactions */
	assert_int_equal(store_open_to_read(&other, *state), 0);
	store_host_id(&store, 1);
	assert_int_equal(store_ask(&other, "SELECT count(*) FROM host"), 1);
	assert_int_equal(sqlite_run(&other.db, "DELETE FROM host"), -EROFS);
	store_close(&other);
	assert_int_equal(store_open(&other, *state, 0, false), 0);
	store_host_id(&other, 2);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM host"), 2);
	store_close(&other);
	store_close(&store);
	assert_int_equal(store_open(&other, *state, 0, true), 0);
	store_close(&other);
}

static void recorded_ranges_join(void **state)
{
	struct store store;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_add_recorded(&store, 100, 200, HISTORY_GAP_OFF), 0);
	assert_int_equal(store_add_recorded(&store, 200, 300, HISTORY_GAP_DAEMON), 0);
	assert_int_equal(store_add_recorded(&store, 100, 350, HISTORY_GAP_DAEMON), 0);
	assert_int_equal(store_add_recorded(&store, 150, 250, HISTORY_GAP_DAEMON), 0);
	assert_int_equal(store_add_recorded(&store, 400, 500, HISTORY_GAP_DAEMON), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM recorded"), 2);
	assert_int_equal(store_ask(&store, "SELECT end FROM recorded WHERE start = 100"), 350);
	assert_int_equal(store_ask(&store, "SELECT reason FROM recorded WHERE start = 100"),
		HISTORY_GAP_OFF);
	assert_int_equal(store_ask(&store, "SELECT reason FROM recorded WHERE start = 400"),
		HISTORY_GAP_DAEMON);
	store_close(&store);
}

static void days_have_the_length_of_local_days(void **state)
{
	int64_t start, end, last = NOON + 80 * (int64_t)DAY;
	struct history_report report = {0};
	struct store store;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	for (int64_t t = NOON; t < last; t = end) {
		zone_hour(&berlin, t, &start, &end);
		assert_int_equal(store_add_hour(&store, &berlin, start, end, false,
					 store_host_id(&store, 1), &some),
			0);
	}
	assert_int_equal(store_expire(&store, &berlin), 0);
	/* an hour that comes late is a part of its day */
	assert_int_equal(store_add_hour(&store, &berlin, NOON, NOON + HOUR, true,
				 store_host_id(&store, 2), &some),
		0);
	assert_int_equal(store_commit(&store), 0);
	assert_between(
		store_ask(&store, "SELECT count(*) FROM hour"), STORE_HOURS - 24, STORE_HOURS);
	assert_int_equal(store_ask(&store, "SELECT sum(upload_packets) FROM"
					   " (SELECT upload_packets FROM hour_traffic UNION ALL"
					   " SELECT upload_packets FROM day_traffic)"),
		80 * 24 + 1);
	assert_int_equal(store_ask(&store, "SELECT sum(upload_packets) FROM daily"), 80 * 24 + 1);
	/* of 2024-03-31, on which summer time began; the day before; the first half day */
	assert_int_equal(store_ask(&store, "SELECT upload_packets FROM daily"
					   " WHERE date = '2024-03-31'"),
		23);
	assert_int_equal(store_ask(&store, "SELECT end - start FROM day"
					   " WHERE date = '2024-03-31'"),
		23 * HOUR);
	assert_int_equal(store_ask(&store, "SELECT upload_packets FROM daily"
					   " WHERE date = '2024-03-30'"),
		24);
	assert_int_equal(store_ask(&store, "SELECT sum(upload_packets) FROM daily"
					   " WHERE date = '2024-03-18'"),
		12);
	assert_int_equal(store_ask(&store, "SELECT max(utc_offset) FROM day"), 7200);
	assert_int_equal(store_ask(&store, "SELECT estimated FROM day LIMIT 1"), 1);
	assert_int_equal(store_fill_report(&store, &report), 0);
	assert_int_equal(
		report.rows[HISTORY_DAY], store_ask(&store, "SELECT count(*) FROM day_traffic"));
	assert_int_equal(
		report.rows[HISTORY_HOUR], store_ask(&store, "SELECT count(*) FROM hour_traffic"));
	assert_int_equal(report.reach[HISTORY_DAY], zone_day_start(&berlin, FIRST_DAY));
	assert_false(store.shortened);
	store_close(&store);
}

static void the_newest_day_stays_in_hours(void **state)
{
	struct store store;

	assert_int_equal(store_open(&store, *state, 1, true), 0); /* a limit of one byte */
	assert_int_equal(store_begin(&store), 0);
	for (int i = 0; i < 30; i++)
		store_add_hour(&store, &berlin, NOON + i * HOUR, NOON + (i + 1) * HOUR, false,
			store_host_id(&store, 1), &some);
	assert_int_equal(store_expire(&store, &berlin), 0);
	assert_int_equal(store_commit(&store), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM hour"), 18 + 1);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM day"), 0);
	assert_true(store.shortened);
	store_close(&store);
	/* that is remembered, until a larger limit leaves room */
	assert_int_equal(store_open(&store, *state, 1, true), 0);
	assert_true(store.shortened);
	store_close(&store);
	assert_int_equal(store_open(&store, *state, 1 << 20, true), 0);
	assert_int_equal(store_expire(&store, &berlin), 0);
	assert_false(store.shortened);
	store_close(&store);
}

/* An import makes days; what is counted on the same day afterwards still has hours. */
static void a_day_that_was_imported_has_hours_too(void **state)
{
	struct store store;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	store_add_day(&store, &berlin, FIRST_DAY, true, store_host_id(&store, 1), &some);
	store_add_hour(&store, &berlin, NOON, NOON + HOUR, false, store_host_id(&store, 1), &some);
	store_add_hour(&store, &berlin, NOON + HOUR, NOON + 2 * HOUR, false,
		store_host_id(&store, 1), &some);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM hour"), 2);
	assert_int_equal(store_ask(&store, "SELECT upload_bytes FROM daily"), 300);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM daily"), 1);
	store_close(&store);
}

static void the_default_limit_follows_the_disk(void **state)
{
	struct statvfs disk;
	uint64_t available, limit = store_default_limit(*state);

	assert_int_equal(statvfs(*state, &disk), 0);
	available = (uint64_t)disk.f_bavail * disk.f_frsize;
	assert_true(limit >= 256 << 10);
	/* others write to this disk, too */
	assert_true(available < 64 << 20 || limit >= available / 8);
	assert_true(limit <= available / 2 || limit == 256 << 10);
	assert_int_equal(store_default_limit("/proc/nothing"), 4 << 20);
	if (strncmp(*state, "/mnt", 4) != 0)
		return;
	assert_int_equal(mount("tmpfs", *state, "tmpfs", 0, "size=20m"), 0);
	assert_int_equal(store_default_limit(*state), 4 << 20);
	assert_int_equal(mount("tmpfs", *state, "tmpfs", MS_REMOUNT, "size=8m"), 0);
	assert_int_equal(store_default_limit(*state), 2 << 20);
	assert_int_equal(mount("tmpfs", *state, "tmpfs", MS_REMOUNT, "size=64k"), 0);
	assert_int_equal(store_default_limit(*state), 256 << 10);
	assert_int_equal(umount(*state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_enter, store_leave)
		TEST(hosts_come_back_as_they_were),
		TEST(counters_and_position_come_back),
		TEST(what_is_rolled_back_has_not_been),
		TEST(two_recorders_do_not_share_a_directory),
		TEST(recorded_ranges_join),
		TEST(days_have_the_length_of_local_days),
		TEST(the_newest_day_stays_in_hours),
		TEST(a_day_that_was_imported_has_hours_too),
		TEST(the_default_limit_follows_the_disk),
	};

	if (sqlite_load()) {
		print_error("libsqlite3.so.0 is missing\n");
		return 1;
	}
	return cmocka_run_group_tests_name("store", tests, store_isolate, NULL);
}
