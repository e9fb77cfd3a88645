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

static void keep_little(struct router *router)
{
	router->recorder->recent.limit = 28 << 10;
}

/* Slices that are in the database are not added to others: it would get them once more. */
static void recent_slices_are_merged_without_a_database(void **state)
{
	struct router *router = *state;
	char away[96];

	snprintf(away, sizeof(away), "%s-away", router->state);
	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 8 * HOUR);
	assert_int_equal(rename(router->state, away), 0);
	router_kill(router);
	router_start(router);
	keep_little(router);
	router_pass_fast(router, 4 * HOUR);
	assert_true(router->recorder->recent.first > 1);
	assert_int_equal(rename(away, router->state), 0);
	router_pass(router, 120);
	recorder_finish(router->recorder);
	router_check_all_between(router, 0, INT64_MAX);
}

static void run(struct router *router, const char *command)
{
	char line[256];

	snprintf(line, sizeof(line), command, router->state, router->state);
	assert_int_equal(system(line), 0);
}

/* Slices that were removed are not in it: the counters have them. */
static void an_older_copy_of_the_database(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 2 * HOUR);
	run(router, "cp %s/history.db %s-copy");
	keep_little(router);
	router_pass_fast(router, 10 * HOUR);
	assert_true(router->recorder->recent.first > 30);
	router_kill(router);
	run(router, "mv %2$s-copy %1$s/history.db");
	router_start(router);
	router_pass(router, 60);
	recorder_finish(router->recorder);
	router_check_all_between(router, 0, INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTER_TEST(a_proof_waits_for_the_disk),
		ROUTER_TEST(an_earlier_boot_had_the_right_date),
		ROUTER_TEST(recent_slices_are_merged_without_a_database),
		ROUTER_TEST(an_older_copy_of_the_database),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("recorder_odds", tests, zones_begin, zones_end);
}
