// SPDX-License-Identifier: GPL-2.0-or-later
/* What was counted before the clock was set. */
#include "store.h"

#include "history/store.h"

#define DAY 86400

static void held_slices_get_their_dates(void **state)
{
	struct store store;
	int64_t boot, held, host;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	boot = store_boot(&store, "one");
	assert_true(boot > 0);
	assert_int_equal(store_boot(&store, "one"), boot);
	host = store_host_id(&store, 1);
	assert_int_equal(store_set_boot_offset(&store, boot, 1000, 1800), 0);
	held = store_new_held(&store, boot, 0, 1800, false);
	assert_int_equal(store_add_held(&store, held, host, &some), 0);
	held = store_new_held(&store, boot, 1800, 1800, true); /* no time passed */
	assert_int_equal(store_add_held(&store, held, host, &some), 0);
	/* a third of the first slice lies before the full hour */
	assert_int_equal(store_settle(&store, &berlin, boot, NOON - 600), 0);
	assert_int_equal(store_commit(&store), 0);
	assert_int_equal(store_ask(&store, "SELECT sum(download_bytes) FROM hour_traffic"), 2000);
	assert_int_equal(store_ask(&store, "SELECT download_bytes FROM hour_traffic"), 333);
	assert_int_equal(store_ask(&store, "SELECT start FROM hour"), NOON - HOUR);
	assert_int_equal(store_ask(&store, "SELECT sum(estimated) FROM hour"), 1); /* unwatched */
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM held"), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM held_traffic"), 0);
	assert_int_equal(store_last_final(&store), NOON - HOUR);
	store_close(&store);
}

/* A boot of 1800 seconds that began at offset, as its clock said, and was never settled. */
static int64_t unsettled(struct store *store, const char *id, int64_t offset)
{
	int64_t boot = store_boot(store, id), held;

	assert_int_equal(store_set_boot_offset(store, boot, offset, 1800), 0);
	held = store_new_held(store, boot, 0, 1800, false);
	assert_int_equal(store_add_held(store, held, store_host_id(store, 1), &some), 0);
	return boot;
}

static void earlier_boots_are_estimated(void **state)
{
	struct store store;
	int64_t boot;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	store_add_hour(&store, &berlin, NOON, NOON + HOUR, false, store_host_id(&store, 1), &some);
	unsettled(&store, "in 1970", 0);
	unsettled(&store, "right", NOON + 2 * HOUR);
	unsettled(&store, "ahead", NOON + 1000 * (int64_t)DAY);
	unsettled(&store, "before the last final hour", NOON - HOUR);
	boot = store_boot(&store, "now");
	assert_int_equal(store_settle(&store, &berlin, boot, NOON + 9 * HOUR), 0);
	assert_int_equal(store_commit(&store), 0);
	assert_int_equal(store_ask(&store, "SELECT sum(upload_bytes) FROM hour_traffic"), 500);
	/* the last two: right before the boot that followed, in one hour */
	assert_int_equal(
		store_ask(&store, "SELECT upload_bytes FROM hourly ORDER BY start DESC"), 200);
	assert_int_equal(store_ask(&store, "SELECT max(start) FROM hour"), NOON + 8 * HOUR);
	assert_int_equal(store_ask(&store, "SELECT start FROM hour LIMIT 1 OFFSET 1"),
		NOON + HOUR); /* the one of 1970 */
	assert_int_equal(
		store_ask(&store, "SELECT start FROM hour LIMIT 1 OFFSET 2"), NOON + 2 * HOUR);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM hour"), 4);
	assert_int_equal(store_ask(&store, "SELECT sum(estimated) FROM hour"), 3);
	/* nothing is settled twice */
	assert_int_equal(store_settle(&store, &berlin, boot, NOON + 9 * HOUR), 0);
	assert_int_equal(store_ask(&store, "SELECT sum(upload_bytes) FROM hour_traffic"), 500);
	assert_int_equal(store_expire(&store, &berlin), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM boot"), 1);
	store_close(&store);
}

/* Where nobody ever sets the clock, held rows become hours all the same, but not before long. */
static void held_rows_are_not_kept_for_ever(void **state)
{
	struct store store;
	int64_t boot, held;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	boot = store_boot(&store, "one");
	assert_int_equal(store_set_boot_offset(&store, boot, NOON, 0), 0);
	for (int i = 0; i <= STORE_HOURS; i++) {
		assert_int_equal(store_expire(&store, &berlin), 0);
		assert_int_equal(store_ask(&store, "SELECT count(*) FROM held"), i);
		held = store_new_held(&store, boot, i * HOUR, (i + 1) * HOUR, false);
		assert_int_equal(store_add_held(&store, held, store_host_id(&store, 1), &some), 0);
	}
	assert_int_equal(store_expire(&store, &berlin), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM held"), 0);
	assert_int_equal(
		store_ask(&store, "SELECT sum(upload_packets) FROM daily"), STORE_HOURS + 1);
	assert_int_equal(store_ask(&store, "SELECT min(estimated) FROM daily"), 1);
	assert_int_equal(store_commit(&store), 0);
	store_close(&store);
	/* sooner, where the limit is reached */
	assert_int_equal(store_open(&store, *state, 1, true), 0);
	held = store_new_held(&store, boot, 0, HOUR, false);
	assert_int_equal(store_add_held(&store, held, store_host_id(&store, 1), &some), 0);
	assert_int_equal(store_expire(&store, &berlin), 0);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM held"), 0);
	store_close(&store);
}

/* Days go before what waits for its date: a database at its limit is nothing special. */
static void held_rows_wait_where_the_limit_is_reached(void **state)
{
	struct store store;
	int64_t host;

	assert_int_equal(store_open(&store, *state, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	for (int day = 0; day < 200; day++)
		for (int i = 1; i <= 20; i++) {
			host = store_host_id(&store, i);
			assert_int_equal(store_add_hour(&store, &berlin, NOON + day * DAY,
						 NOON + day * DAY + HOUR, false, host, &some),
				0);
		}
	unsettled(&store, "in 1970", 0);
	store.limit = sqlite_bytes(&store.db) / 2;
	assert_int_equal(store_expire(&store, &berlin), 0);
	assert_true(sqlite_bytes(&store.db) <= store.limit);
	assert_true(store.shortened);
	assert_int_equal(store_ask(&store, "SELECT count(*) FROM held"), 1);
	assert_int_equal(store_ask(&store, "SELECT min(start) > 1700000000 FROM day"), 1);
	assert_int_equal(store_commit(&store), 0);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_enter, store_leave)
		TEST(held_slices_get_their_dates),
		TEST(earlier_boots_are_estimated),
		TEST(held_rows_are_not_kept_for_ever),
		TEST(held_rows_wait_where_the_limit_is_reached),
	};

	if (sqlite_load()) {
		print_error("libsqlite3.so.0 is missing\n");
		return 1;
	}
	return cmocka_run_group_tests_name("store_held", tests, store_isolate, NULL);
}
