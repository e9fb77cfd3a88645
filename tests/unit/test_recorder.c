// SPDX-License-Identifier: GPL-2.0-or-later
/* The recorder with all that it stands on: every byte is in the history once, whatever happens. */
#include "unit.h"

#include "history/recorder.h"
#include "router.h"

#define HOUR 3600
#define DAY  86400

/* Events of chance */

static void lose_recent(struct router *router)
{
	char file[96];

	snprintf(file, sizeof(file), "%s/%s", router->recent, RECENT_FILE);
	unlink(file);
}

/* The directory goes, and comes back while the recorder runs. */
static void unmount_for_a_while(struct router *router, bool restart)
{
	char away[96];

	snprintf(away, sizeof(away), "%s-away", router->state);
	assert_int_equal(rename(router->state, away), 0);
	if (restart) {
		router_kill(router);
		router_start(router);
	}
	router_pass(router, 200);
	if (restart)
		assert_true(router_has(router, HISTORY_NO_DIRECTORY));
	assert_int_equal(rename(away, router->state), 0);
	router_pass(router, 200); /* it looks each minute */
	assert_false(router_has(router, HISTORY_NO_DIRECTORY));
}

static void reboot(struct router *router)
{
	int64_t date_ms = (int64_t)clock_date_ms();

	router_stop(router);
	router_boot(router, date_ms + 60000 * (int64_t)counted_random(&router->seed, 3) -
				    (int64_t)counted_random(&router->seed, 2) * DAY * 1000);
}

static void event(struct router *router)
{
	uint64_t *seed = &router->seed;
	int64_t date_ms = (int64_t)clock_date_ms();

	switch (counted_random(seed, 16)) {
	case 0:
		router_kill(router);
		router_start(router);
		break;
	case 1:
		router_kill(router);
		lose_recent(router);
		router_start(router);
		break;
	case 2:
		lose_recent(router); /* while it runs */
		break;
	case 3:
		unmount_for_a_while(router, counted_random(seed, 2));
		break;
	case 4:
		if (counted_random(seed, 3) == 0)
			reboot(router);
		break;
	case 5:
	case 6:
		router_set_clock(date_ms + (int64_t)counted_random(seed, 7200000) - 3600000,
			counted_random(seed, 2));
		break;
	case 7:
	case 8:
		router_synchronized = true;
		break;
	case 9:
		router_kill(router); /* nobody looks for a while */
		router_boot_ms += (int64_t)counted_random(seed, 3 * HOUR * 1000);
		counted_rise(&router->kernel, seed);
		router_publish(router);
		router_start(router);
		break;
	case 10:
		router_stop(router);
		router_start(router);
		break;
	default:
		router_pass_fast(router, (int64_t)counted_random(seed, 6 * HOUR));
	}
}

static void every_byte_is_there_once(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	for (unsigned i = rounds(60, 20); i > 0; i--) {
		event(router);
		router_pass(router, 5 * INTERVAL);
		if (!router->recorder->store.db.handle)
			router_pass(router, 120);
		router_check(router);
	}
	assert_true(router->boots > 1);
	assert_true(router->recorder->report.commits > 0);
	router_synchronized = true;
	router_pass(router, 60);
	recorder_finish(router->recorder);
	router_check_all_between(router, 0, INT64_MAX);
}

/* Clocks at boot */

static void wrong_at_boot(struct router *router, int64_t date, int64_t until_proof)
{
	router_boot(router, date * 1000);
	router_pass(router, 2 * INTERVAL);
	assert_true(router_has(router, HISTORY_CLOCK));
	router_pass_fast(router, until_proof);
	router_check(router);
	router_set_clock((SUMMER + until_proof) * 1000, true);
	router_pass_fast(router, 2 * HOUR);
	assert_false(router_has(router, HISTORY_CLOCK));
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + until_proof + 3 * HOUR);
}

static void boots_at_1970(void **state)
{
	wrong_at_boot(*state, 0, 600);
}

static void boots_a_month_back(void **state)
{
	wrong_at_boot(*state, SUMMER - 30 * DAY, DAY);
}

static void boots_ten_years_ahead(void **state)
{
	wrong_at_boot(*state, SUMMER + 3652 * DAY, 10 * HOUR);
}

/* Its rows wait, and get dates at the next boot: right before it. */
static void the_clock_is_never_set(void **state)
{
	struct router *router = *state;

	router_boot(router, (SUMMER - 100 * DAY) * 1000);
	router_pass_fast(router, DAY);
	router_stop(router);
	router_boot(router, SUMMER * 1000);
	router_check(router);
	router_synchronized = true;
	router_pass_fast(router, 2 * HOUR);
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - 101 * DAY, SUMMER + 3 * HOUR);
}

/* What was counted while a clock was wrong and believed moves once, with the proof. */
static void a_step_of_a_year_and_back(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	router_set_clock((int64_t)clock_date_ms() + (int64_t)365 * DAY * 1000, false);
	router_pass(router, 20 * 60);
	router_check(router);
	router_set_clock((int64_t)clock_date_ms() - (int64_t)365 * DAY * 1000, true);
	router_pass_fast(router, HOUR);
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 6 * HOUR);
}

/* Whatever the recent slices know. lost: another process has none. */
static void restart_in_doubt(struct router *router, bool lost)
{
	int64_t proven;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	proven = router->recorder->offset;
	router_set_clock((int64_t)clock_date_ms() + (int64_t)DAY * 1000, false);
	router_pass(router, 20 * 60); /* slices without a date */
	router_kill(router);
	if (lost)
		lose_recent(router);
	router_start(router);
	router_pass(router, INTERVAL);
	assert_int_equal(router->recorder->keeper.state, TIMEKEEPER_DOUBTS);
	assert_int_equal(router->recorder->offset, proven);
	router_set_clock((int64_t)clock_date_ms() - (int64_t)DAY * 1000, false);
	router_pass(router, INTERVAL);
	assert_true(router->recorder->proven);
	router_check(router);
}

static void a_restart_in_doubt_knows_the_proof(void **state)
{
	restart_in_doubt(*state, false);
}

static void so_does_one_without_recent_slices(void **state)
{
	restart_in_doubt(*state, true);
}

/* A clock chip that stopped years ago says the same at each boot. */
static void a_date_before_the_last_one_cannot_be(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	router_stop(router);
	router_boot(router, (SUMMER - DAY) * 1000);
	router_pass(router, INTERVAL);
	assert_int_equal(router->recorder->keeper.state, TIMEKEEPER_WAITS);
	router_stop(router);
	router_boot(router, (SUMMER + DAY) * 1000);
	router_pass(router, INTERVAL);
	assert_int_equal(router->recorder->keeper.state, TIMEKEEPER_UNPROVEN);
}

/* One boot in 2036 is no reason to wait until then. */
static void a_date_without_proof_is_no_last_one(void **state)
{
	struct router *router = *state;

	router_boot(router, (SUMMER + 3652 * DAY) * 1000);
	router_pass_fast(router, 3 * HOUR);
	router_stop(router);
	router_boot(router, SUMMER * 1000);
	router_pass(router, INTERVAL);
	assert_int_equal(router->recorder->keeper.state, TIMEKEEPER_UNPROVEN);
}

/* Commits */

static void it_commits_at_full_hours(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass(router, 60);
	for (int i = 0; i < 48; i++) {
		router_pass_fast(router, HOUR);
		assert_true(
			recorder_stored(router->recorder) + 13 >= router->recorder->recent.last);
		assert_int_equal(
			(router->recorder->position.taken + router->recorder->offset) % HOUR, 0);
	}
	assert_true(
		router->recorder->report.commits >= 48 && router->recorder->report.commits <= 50);
}

/* The last commit of a day has all of it, also where --commit is longer. */
static void it_commits_at_local_midnight(void **state)
{
	struct router *router = *state;
	int64_t midnight = SUMMER + 10 * HOUR; /* in CEST */

	router->options.commit = 7 * DAY;
	router_boot(router, (midnight - 1000) * 1000);
	router_synchronized = true;
	router_pass(router, 60);
	router_pass(router, 1000);
	assert_int_equal(router->recorder->position.taken + router->recorder->offset, midnight);
	router_pass_fast(router, DAY);
	assert_int_equal(
		router->recorder->position.taken + router->recorder->offset, midnight + DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTER_TEST(every_byte_is_there_once),
		ROUTER_TEST(boots_at_1970),
		ROUTER_TEST(boots_a_month_back),
		ROUTER_TEST(boots_ten_years_ahead),
		ROUTER_TEST(the_clock_is_never_set),
		ROUTER_TEST(a_step_of_a_year_and_back),
		ROUTER_TEST(a_restart_in_doubt_knows_the_proof),
		ROUTER_TEST(so_does_one_without_recent_slices),
		ROUTER_TEST(a_date_before_the_last_one_cannot_be),
		ROUTER_TEST(a_date_without_proof_is_no_last_one),
		ROUTER_TEST(it_commits_at_full_hours),
		ROUTER_TEST(it_commits_at_local_midnight),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("recorder", tests, zones_begin, zones_end);
}
