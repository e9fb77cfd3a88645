// SPDX-License-Identifier: GPL-2.0-or-later
/* The recorder where files fail, and what it tells. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "history/recorder.h"
#include "router.h"

#define HOUR 3600

/* Files that fail */

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_tried_again(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, HOUR);
	router_pass(router, 400);
	limit_files(512);
	assert_true(recorder_commit(router->recorder) < 0);
	limit_files(RLIM_INFINITY);
	assert_int_equal(router->recorder->report.failures, 1);
	assert_true(router_has(router, HISTORY_DISK_FULL));
	router_check(router);
	router_pass(router, 5);
	assert_true(router_has(router, HISTORY_DISK_FULL)); /* it waits a little */
	router_pass(router, 10);
	assert_false(router_has(router, HISTORY_DISK_FULL));
	router_check(router);
	assert_int_equal(recorder_stored(router->recorder), router->recorder->recent.last);
}

/* Another one is begun, with the slices that there are. */
static void a_database_that_is_removed(void **state)
{
	struct router *router = *state;
	char file[96];

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	snprintf(file, sizeof(file), "%s/%s", router->state, STORE_FILE);
	assert_int_equal(unlink(file), 0);
	router_pass(router, 120);
	assert_int_equal(access(file, F_OK), 0);
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 4 * HOUR);
}

static void a_database_that_is_damaged(void **state)
{
	struct router *router = *state;
	char file[96];
	int fd;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	router_kill(router);
	snprintf(file, sizeof(file), "%s/%s", router->state, STORE_FILE);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "not a database at all", 21, 0), 21);
	close(fd);
	router_start(router);
	router_pass(router, 60);
	assert_true(router_has(router, HISTORY_DAMAGED));
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 4 * HOUR);
	snprintf(file, sizeof(file), "%s/%s.damaged-1", router->state, STORE_FILE);
	assert_int_equal(access(file, F_OK), 0);
}

/* The sandbox does not reach a directory that is new: another process does. */
static void a_directory_that_comes_later(void **state)
{
	struct router *router = *state;

	assert_int_equal(rmdir(router->state), 0);
	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, HOUR);
	assert_true(router_has(router, HISTORY_NO_DIRECTORY));
	assert_int_equal(router->restarts, 0);
	assert_int_equal(mkdir(router->state, 0750), 0);
	router_pass(router, 120);
	assert_int_equal(router->restarts, 1);
	assert_false(router_has(router, HISTORY_NO_DIRECTORY));
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 2 * HOUR);
}

static void lose_recent(struct router *router)
{
	char file[96];

	router_kill(router);
	snprintf(file, sizeof(file), "%s/%s", router->recent, RECENT_FILE);
	assert_int_equal(unlink(file), 0);
	router_start(router);
}

/* The counters are in the database alone then, until the first slice. */
static void recent_slices_that_are_lost(void **state)
{
	struct router *router = *state;
	char away[96];

	snprintf(away, sizeof(away), "%s-away", router->state);
	router_boot(router, SUMMER * 1000);
	router_pass_fast(router, 3 * HOUR);
	lose_recent(router);
	router_kill(router); /* before the first slice */
	router_start(router);
	router_pass(router, 600);
	router_check(router);

	lose_recent(router);
	router_kill(router);
	assert_int_equal(rename(router->state, away), 0);
	router_start(router);
	router_pass(router, 600); /* without the counters, all seems to be new */
	assert_true(router_has(router, HISTORY_NO_DIRECTORY));
	assert_int_equal(rename(away, router->state), 0);
	router_pass(router, 600);
	assert_false(router_has(router, HISTORY_NO_DIRECTORY));
	router_check(router);
}

/* Their counts are in the counters, too, and those of the database are right. */
static void recent_slices_that_cannot_be_read(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	router_pass(router, 400);
	assert_int_equal(sqlite_run(&router->recorder->recent.db,
				 "UPDATE traffic SET series = 9999 WHERE series = 1"),
		0);
	assert_true(recorder_commit(router->recorder) < 0);
	router_heed(router);
	assert_int_equal(router->restarts, 1);
	router_pass_fast(router, HOUR);
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 5 * HOUR);
}

static void two_on_one_directory(void **state)
{
	struct router *router = *state, second = *router;

	router_boot(router, SUMMER * 1000);
	strcpy(second.recent, "/tmp/mz-recent-XXXXXX");
	second.options.recent = mkdtemp(second.recent);
	router_start(&second);
	router_pass(router, 60);
	assert_false(router_has(router, HISTORY_IN_USE));
	assert_true(router_has(&second, HISTORY_IN_USE));
	router_check(router);
	router_kill(&second);
	router_remove(second.recent);
}

static void without_a_recent_directory(void **state)
{
	struct router *router = *state;

	router->options.recent = NULL;
	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	assert_true(router_has(router, HISTORY_NO_RECENT));
	router_check(router);
	router_kill(router);
	router_start(router);
	router_pass_fast(router, 3 * HOUR);
	router_check(router);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 7 * HOUR);
}

/* Others */

static void another_zone_takes_another_process(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_pass(router, 120);
	assert_int_equal(router->restarts, 0);
	write_text(path[ZONE_TZ], "<+0545>-5:45");
	router_pass(router, 120);
	assert_int_equal(router->restarts, 1);
	assert_int_equal(zone_offset(&router->recorder->zone, SUMMER), 5 * HOUR + 45 * 60);
	router_check(router);
}

static void where_the_boot_id_is_hidden_the_tables_name_the_boot(void **state)
{
	struct router *router = *state;
	int64_t boot;
	uint64_t journal;

	router->hides_boot = true;
	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	boot = router->recorder->boot;
	journal = router->recorder->recent.journal;
	router_stop(router);
	router_start(router);
	router_pass(router, 60);
	assert_int_equal(router->recorder->boot, boot);
	assert_int_equal(router->recorder->recent.journal, journal);
	router_check(router);
	router_stop(router);
	router_boot(router, (SUMMER + 4 * HOUR) * 1000);
	router_pass(router, 60);
	assert_true(router->recorder->boot > boot);
	router_check(router);
	router_synchronized = true;
	router_pass_fast(router, HOUR);
	recorder_finish(router->recorder);
	router_check_all_between(router, SUMMER - HOUR, SUMMER + 6 * HOUR);
}

static void then_it_waits_for_the_first_snapshot(void **state)
{
	struct router *router = *state;

	router_prepare(router);
	assert_int_equal(recorder_start(router->recorder), -EAGAIN);
	recorder_report(router->recorder);
	router->kernel.tables = 0x1234;
	router_publish(router);
	assert_int_equal(recorder_start(router->recorder), 0);
	assert_string_equal(router->recorder->boot_id, "tables-0000000000001234");
}

static void half_taken_over_tables_are_not_recorded(void **state)
{
	struct router *router = *state;

	router_boot(router, SUMMER * 1000);
	router_pass(router, 60);
	router->kernel.not_whole = true;
	router_pass(router, 60);
	assert_false(router_has(router, HISTORY_WAITS)); /* that is no more than it takes */
	router_pass(router, 60);
	assert_true(router_has(router, HISTORY_WAITS));
	assert_int_equal(router->recorder->ledger.taken, 20 + 60);
	router->kernel.not_whole = false;
	router_pass(router, 60);
	assert_int_equal(router->recorder->ledger.taken, 20 + 240);
	assert_false(router_has(router, HISTORY_WAITS));
	router_check(router);
}

static const struct history_answer *ask(struct router *router, const void *bytes, size_t size)
{
	return recorder_answer(router->recorder, bytes, size)
		       ? (const struct history_answer *)router->recorder->message
		       : NULL;
}

static void questions_are_checked_and_answered(void **state)
{
	struct router *router = *state;
	struct history_question question = {.size = sizeof(question),
		.kind = HISTORY_ASK,
		.number = 17,
		.step = HISTORY_HOUR,
		.by = HISTORY_BY_TOTAL,
		.month_start = 1};
	const struct history_answer *answer;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	assert_null(ask(router, &question, sizeof(question) - 1));
	assert_null(ask(router, "", 0));
	question.size++;
	assert_null(ask(router, &question, sizeof(question)));
	question.size--;
	question.kind = HISTORY_REPORT;
	assert_null(ask(router, &question, sizeof(question)));
	question.kind = HISTORY_MORE;
	answer = ask(router, &question, sizeof(question));
	assert_non_null(answer);
	assert_int_equal(answer->error, -ESTALE);
	assert_int_equal(answer->number, 17);
	question.kind = HISTORY_ASK;
	answer = ask(router, &question, sizeof(question));
	assert_non_null(answer);
	assert_int_equal(answer->error, 0);
	assert_int_equal(answer->kind, HISTORY_ANSWER);
	assert_between(answer->row_count, 3, 5);
	question.step = 99;
	answer = ask(router, &question, sizeof(question));
	assert_non_null(answer);
	assert_int_equal(answer->error, -EINVAL);
}

static void the_report_tells_what_there_is(void **state)
{
	struct router *router = *state;
	const struct history_report *report;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	report = &router->recorder->report;
	assert_int_equal(report->size, sizeof(*report));
	assert_int_equal(report->kind, HISTORY_REPORT);
	assert_int_equal(report->trouble, 0);
	assert_true(report->bytes > 0 && report->recent_bytes > 0 && report->commits >= 3);
	assert_true(report->written >= report->bytes);
	assert_int_equal(report->written_today, report->written);
	assert_between(report->committed, SUMMER, SUMMER + 3 * HOUR);
	assert_between(report->reach[HISTORY_HOUR], SUMMER - HOUR, SUMMER);
	assert_int_equal(report->bytes_limit, 64 << 20);
	assert_true(report->resident_bytes > 0);
}

static void what_was_written_today_outlives_the_process(void **state)
{
	struct router *router = *state;
	uint64_t today;

	router_boot(router, SUMMER * 1000);
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	router_stop(router);
	router_start(router);
	router_pass(router, INTERVAL);
	today = router->recorder->report.written_today;
	assert_true(today > 4 * router->recorder->report.written);
	router_kill(router);
	router_start(router);
	router_pass(router, INTERVAL);
	assert_true(router->recorder->report.written_today >= today);
	router_pass_fast(router, 24 * HOUR); /* another day, since 14 hours */
	today = router->recorder->report.written_today;
	assert_between(today, 1, router->recorder->report.written - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTER_TEST(a_full_disk_is_tried_again),
		ROUTER_TEST(a_database_that_is_removed),
		ROUTER_TEST(a_database_that_is_damaged),
		ROUTER_TEST(a_directory_that_comes_later),
		ROUTER_TEST(recent_slices_that_are_lost),
		ROUTER_TEST(recent_slices_that_cannot_be_read),
		ROUTER_TEST(two_on_one_directory),
		ROUTER_TEST(without_a_recent_directory),
		ROUTER_TEST(another_zone_takes_another_process),
		ROUTER_TEST(where_the_boot_id_is_hidden_the_tables_name_the_boot),
		ROUTER_TEST(then_it_waits_for_the_first_snapshot),
		ROUTER_TEST(half_taken_over_tables_are_not_recorded),
		ROUTER_TEST(questions_are_checked_and_answered),
		ROUTER_TEST(the_report_tells_what_there_is),
		ROUTER_TEST(what_was_written_today_outlives_the_process),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("recorder files", tests, zones_begin, zones_end);
}
