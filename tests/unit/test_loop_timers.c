// SPDX-License-Identifier: GPL-2.0-or-later
/* The timers of the event loop. Time passes when a test says so. */
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/loop.h"
#include "clock.h"

static struct loop loop;

static void make_rounds(unsigned count)
{
	while (count--)
		assert_int_equal(loop_round(&loop, 0), 0);
}

struct alarm {
	struct loop_timer timer;
	unsigned handled;
	bool restarts, stops, ends;
};

static void handle_alarm(void *context)
{
	struct alarm *alarm = context;

	alarm->handled++;
	if (alarm->restarts)
		loop_start_timer(&loop, &alarm->timer, 0, 0);
	if (alarm->stops)
		loop_stop_timer(&loop, &alarm->timer);
	if (alarm->ends)
		loop_end(&loop);
}

static void start_alarm(struct alarm *alarm, uint64_t ms, uint64_t every_ms)
{
	*alarm = (struct alarm){.timer = {.handle = handle_alarm, .context = alarm}};
	loop_start_timer(&loop, &alarm->timer, ms, every_ms);
}

static void a_timer_runs_out_once(void **state)
{
	struct alarm alarm;

	(void)state;
	assert_int_equal(loop_timeout(&loop), -1);
	start_alarm(&alarm, 300, 0);
	assert_int_equal(loop_timeout(&loop), 300);
	clock_advance(299);
	make_rounds(1);
	assert_int_equal(alarm.handled, 0);
	assert_int_equal(loop_timeout(&loop), 1);
	clock_advance(1);
	assert_int_equal(loop_timeout(&loop), 0);
	make_rounds(3);
	assert_int_equal(alarm.handled, 1);
	assert_int_equal(loop_timeout(&loop), -1);
}

static void a_timer_may_run_out_again_and_again(void **state)
{
	struct alarm alarm;

	(void)state;
	start_alarm(&alarm, 100, 1000);
	clock_advance(130); /* late, which does not put off the next time */
	make_rounds(3);
	assert_int_equal(alarm.handled, 1);
	assert_int_equal(loop_timeout(&loop), 970);
	clock_advance(970);
	make_rounds(3);
	assert_int_equal(alarm.handled, 2);
	clock_advance(5400); /* of five times that passed, one is handled */
	make_rounds(3);
	assert_int_equal(alarm.handled, 3);
	assert_int_equal(loop_timeout(&loop), 600);
	loop_stop_timer(&loop, &alarm.timer);
	loop_stop_timer(&loop, &alarm.timer);
	clock_advance(10000);
	make_rounds(3);
	assert_int_equal(alarm.handled, 3);
}

static void a_handler_may_stop_its_own_timer(void **state)
{
	struct alarm alarm;

	(void)state;
	start_alarm(&alarm, 10, 10);
	alarm.stops = true;
	for (int i = 0; i < 3; i++) {
		clock_advance(10);
		make_rounds(2);
	}
	assert_int_equal(alarm.handled, 1);
	assert_int_equal(loop_timeout(&loop), -1);
}

static void a_timer_that_runs_can_be_started_anew(void **state)
{
	struct alarm early, late;

	(void)state;
	start_alarm(&early, 100, 0);
	start_alarm(&late, 200, 0);
	loop_start_timer(&loop, &early.timer, 5000, 0);
	assert_int_equal(loop_timeout(&loop), 200);
	loop_start_timer(&loop, &late.timer, 1ULL << 40, 0);
	assert_int_equal(loop_timeout(&loop), 5000);
	loop_stop_timer(&loop, &early.timer);
	assert_int_equal(loop_timeout(&loop), INT_MAX);
}

static void count_event(void *context)
{
	++*(unsigned *)context;
}

/* Though one of them is always due. */
static void timers_that_are_due_take_turns(void **state)
{
	struct alarm greedy, others[2];
	unsigned events = 0;
	struct loop_source source = {.handle = count_event, .context = &events};
	int ends[2];

	(void)state;
	start_alarm(&others[0], 10, 0);
	start_alarm(&others[1], 20, 0);
	start_alarm(&greedy, 0, 0);
	greedy.restarts = true;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	source.fd = ends[0];
	close(ends[1]); /* so it is always ready */
	assert_int_equal(loop_add(&loop, &source), 0);
	clock_advance(20);
	make_rounds(10);
	assert_int_equal(others[0].handled, 1);
	assert_int_equal(others[1].handled, 1);
	assert_int_equal(greedy.handled, 8);
	assert_int_equal(events, 10); /* no timer keeps a descriptor waiting either */
}

static void a_handler_ends_the_loop(void **state)
{
	struct alarm alarm;

	(void)state;
	clock_run();
	start_alarm(&alarm, 1, 0);
	alarm.ends = true;
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(alarm.handled, 1);
}

static int begin(void **state)
{
	(void)state;
	alarm(HANGS_S);
	clock_stop();
	return loop_open(&loop, UINT_MAX);
}

static int end(void **state)
{
	(void)state;
	loop_close(&loop);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_timer_runs_out_once),
		TEST(a_timer_may_run_out_again_and_again),
		TEST(a_handler_may_stop_its_own_timer),
		TEST(a_timer_that_runs_can_be_started_anew),
		TEST(timers_that_are_due_take_turns),
		TEST(a_handler_ends_the_loop),
	};

	return cmocka_run_group_tests_name("timers of the loop", tests, NULL, NULL);
}
