// SPDX-License-Identifier: GPL-2.0-or-later
/* The recorder where two things go wrong at once. */
#include "unit.h"

#include "history/recorder.h"
#include "router.h"

#define HOUR 3600
#define DAY  86400

/* As if the disk had no page left, or as many as it takes. */
static void fill_disk(struct router *router, bool full)
{
	struct sqlite *db = &router->recorder->store.db;

	assert_int_equal(
		sqlite_run(db, full ? "PRAGMA max_page_count=1" : "PRAGMA max_page_count=1000000"),
		0);
}

/* What the database holds gets the date that was proven, not the one of when it can be written. */
static void a_proof_waits_for_the_disk(void **state)
{
	struct router *router = *state;

	router_boot(router, (SUMMER - DAY) * 1000);
	router_pass_fast(router, 2 * HOUR);
	recorder_commit(router->recorder);
	fill_disk(router, true);
	router_set_clock((SUMMER + 2 * HOUR) * 1000, true);
	router_pass_fast(router, HOUR);
	assert_true(router_has(router, HISTORY_DISK_FULL));
	router_set_clock((int64_t)clock_date_ms() + (int64_t)365 * DAY * 1000, false);
	router_pass_fast(router, 3 * HOUR);
	assert_false(router->recorder->proven);
	fill_disk(router, false);
	router_pass_fast(router, HOUR);
	assert_false(router_has(router, HISTORY_DISK_FULL));
	router_check(router);
	router_set_clock((int64_t)clock_date_ms() - (int64_t)365 * DAY * 1000, true);
	router_pass_fast(router, HOUR);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 9 * HOUR);
}

/* The date that an earlier boot believed stays, where nothing speaks against it. */
static void an_earlier_boot_had_the_right_date(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_pass_fast(router, 2 * HOUR);
	router_stop(router);
	router_boot(router, (SUMMER + 9 * HOUR) * 1000);
	router_pass_fast(router, HOUR / 2);
	router_synchronized = true;
	router_pass_fast(router, HOUR);
	recorder_finish(router->recorder);
	router->kernel = (struct counted){0}; /* only what is before */
	router_check_all_between(router, SUMMER, SUMMER + 3 * HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTER_TEST(a_proof_waits_for_the_disk),
		ROUTER_TEST(an_earlier_boot_had_the_right_date),
	};

	alarm(280);
	return cmocka_run_group_tests_name("recorder_odds", tests, zones_begin, zones_end);
}
