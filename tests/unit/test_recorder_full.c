// SPDX-License-Identifier: GPL-2.0-or-later
/* The recorder where its directory in /run has no room: the database goes on. */
#include "unit.h"

#include "history/recorder.h"
#include "router.h"

#define HOUR 3600

/* No page more, as on a file system that is full. */
static void fill(struct router *router)
{
	assert_int_equal(sqlite_run(&router->recorder->recent.db, "PRAGMA max_page_count=1"), 0);
}

/* As long as a slice has room, or that has none and is not there yet. */
static void pass_until_it_fails(struct router *router)
{
	for (int i = 0; i < 50 && !router_has(router, HISTORY_NO_RECENT); i++)
		router_pass_fast(router, RECORDER_SLICE);
	assert_true(router_has(router, HISTORY_NO_RECENT));
	assert_false(router->recorder->recent.in_memory);
}

static void it_goes_on_in_memory(void **state)
{
	struct router *router = *state;
	uint64_t commits;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 2 * HOUR);
	fill(router);
	pass_until_it_fails(router);
	assert_int_equal(recorder_commit(router->recorder), 0);
	router_check(router);

	router_pass(router, 3 * RECORDER_SLICE);
	assert_true(router->recorder->recent.in_memory);
	assert_int_equal(router->restarts, 0);
	router_check(router);
	commits = router->recorder->report.commits;
	router_pass_fast(router, 5 * HOUR);
	assert_true(router_has(router, HISTORY_NO_RECENT));
	assert_between(router->recorder->report.commits, commits + 5, commits + 6);
	router_check(router);

	router_stop(router);
	router_start(router);
	router_pass_fast(router, HOUR);
	assert_false(router_has(router, HISTORY_NO_RECENT));
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 14 * HOUR);
}

/* What is counted is in the open slice alone, until there is a database. */
static void without_a_database_it_waits(void **state)
{
	struct router *router = *state;

	assert_int_equal(rmdir(router->state), 0);
	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, HOUR);
	fill(router);
	pass_until_it_fails(router);
	router_pass(router, 3 * RECORDER_SLICE);
	assert_false(router->recorder->recent.in_memory);
	assert_int_equal(router->restarts, 0);
	assert_int_equal(mkdir(router->state, 0750), 0);
	router_pass_fast(router, HOUR);
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 9 * HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTER_TEST(it_goes_on_in_memory),
		ROUTER_TEST(without_a_database_it_waits),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("recorder full", tests, zones_begin, zones_end);
}
