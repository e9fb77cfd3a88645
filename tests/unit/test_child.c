// SPDX-License-Identifier: GPL-2.0-or-later
/* Child processes of the daemon: how they start, end, and are started again. */
#include "children.h"

#include <sys/resource.h>

static struct rlimit old_limit; /* of open files */

static int find_no_user(const struct privileges *privileges)
{
	(void)privileges;
	errno = EPERM;
	return -EPERM;
}

static void it_has_its_channel_and_what_is_passed(void **state)
{
	(void)state;
	start(0, OBEYS);
	child_send(&child[0], 'a');
	await_byte(0, 'a');
	child_stop(&children, &child[0]);
	assert_int_equal(child[0].pid, 0);
	expect_logged("");
}

static void of_several_the_one_that_ended_is_started_again(void **state)
{
	pid_t first, second;

	(void)state;
	start(0, OBEYS);
	start(1, OBEYS);
	first = child[0].pid;
	second = child[1].pid;
	child_send(&child[1], 'q');
	await_end();
	expect_logged("the second ended with status 3: it is started again");
	assert_int_equal(child[1].pid, 0);
	pass(100);
	assert_true(child[1].pid > 0 && child[1].pid != second);
	assert_int_equal(child[1].restarts, 1);
	assert_int_equal(child[0].pid, first);
	assert_int_equal(child[0].restarts, 0);
	for (int i = 0; i < 2; i++) {
		child_send(&child[i], (char)('a' + i));
		await_byte(i, (char)('a' + i));
	}
}

static void two_that_end_at_once_are_both_started_again(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		siginfo_t info;

		start(i, HANGS);
		assert_int_equal(kill(child[i].pid, SIGKILL), 0);
		assert_int_equal(waitid(P_PID, (id_t)child[i].pid, &info, WEXITED | WNOWAIT), 0);
	}
	await_end(); /* by one signal */
	assert_true(child[0].pid == 0 && child[1].pid == 0);
	expect_logged("was killed by signal 9");
	clock_advance(100);
	for (int i = 0; i < 4; i++) /* each channel has ended, too */
		assert_int_equal(loop_round(&loop, 0), 0);
	assert_true(child[0].restarts == 1 && child[1].restarts == 1);
}

static void each_start_waits_longer_unless_the_last_one_was_steady(void **state)
{
	int wait = 100;

	(void)state;
	start(0, HANGS);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(kill(child[0].pid, SIGKILL), 0);
		await_end();
		assert_int_equal(loop_timeout(&loop), wait);
		pass(wait);
		assert_int_equal(child[0].restarts, i + 1);
		wait = wait < 15000 ? 2 * wait : 30000;
	}
	clock_advance(60000);
	assert_int_equal(kill(child[0].pid, SIGKILL), 0);
	await_end();
	assert_int_equal(loop_timeout(&loop), 100);
}

static void one_that_gives_no_sign_of_life_is_killed(void **state)
{
	(void)state;
	start(0, OBEYS);
	start(1, HANGS);
	for (int i = 0; i < 3; i++) {
		pass(10000);
		pass(0); /* both timers are due */
		await_byte(0, PARENT_LIVES);
	}
	expect_logged("");
	pass(10000);
	pass(0);
	expect_logged("the second does not answer: it is killed");
	await_end();
	expect_logged("the second was killed by signal 9");
	assert_int_equal(child[0].restarts, 0);
	assert_true(child[0].pid > 0);
}

static void one_that_cannot_become_its_user_is_tried_again(void **state)
{
	(void)state;
	make(0, OBEYS)->become_user = find_no_user;
	assert_int_equal(child_start(&children, &child[0]), 0);
	await_end();
	expect_logged("cannot become the first: another user: Operation not permitted");
	assert_int_equal(loop_timeout(&loop), 100);
}

static void what_was_stopped_is_not_started_again(void **state)
{
	(void)state;
	start(0, HANGS);
	start(1, HANGS);
	assert_int_equal(kill(child[0].pid, SIGKILL), 0);
	await_end();
	child_stop(&children, &child[0]); /* which waits for its next start */
	child_stop(&children, &child[1]);
	child_stop(&children, &child[1]);
	assert_int_equal(loop_timeout(&loop), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie is left */
}

/* Has the kernel open no more than this number of further descriptors. */
static void leave_descriptors(int number)
{
	struct rlimit limit = old_limit;

	for (limit.rlim_cur = 0; number || fcntl((int)limit.rlim_cur, F_GETFD) >= 0;
		limit.rlim_cur++)
		number -= fcntl((int)limit.rlim_cur, F_GETFD) < 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void without_descriptors_it_is_not_started_and_says_why(void **state)
{
	(void)state;
	for (int number = 0; number < 4; number++) { /* two of the channel, two of its life */
		leave_descriptors(number);
		assert_int_equal(child_start(&children, make(0, OBEYS)), -EMFILE);
		expect_logged("cannot start the first: Too many open files");
	}
}

static void each_start_without_descriptors_says_why(void **state)
{
	(void)state;
	start(0, HANGS);
	leave_descriptors(0);
	assert_int_equal(kill(child[0].pid, SIGKILL), 0);
	await_end(); /* which closes one of the channel and one of its life */
	expect_logged("was killed by signal 9");
	for (int wait = 100; wait <= 400; wait *= 2) {
		assert_int_equal(loop_timeout(&loop), wait);
		pass(wait);
		expect_logged("cannot start the first: Too many open files");
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
	pass(800);
	assert_true(child[0].pid > 0);
	assert_int_equal(child[0].restarts, 1);
}

static void with_too_much_to_pass_it_is_not_started(void **state)
{
	(void)state;
	make(0, OBEYS)->passed_count = CHILD_PASSED_MAX + 1;
	assert_int_equal(child_start(&children, &child[0]), -E2BIG);
	child_stop(&children, &child[0]);
}

static int begin_limited(void **state)
{
	return getrlimit(RLIMIT_NOFILE, &old_limit) < 0 ? -1 : begin(state);
}

static int end_limited(void **state)
{
	setrlimit(RLIMIT_NOFILE, &old_limit);
	return end(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_limited, end_limited)

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		TEST(it_has_its_channel_and_what_is_passed),
		TEST(of_several_the_one_that_ended_is_started_again),
		TEST(two_that_end_at_once_are_both_started_again),
		TEST(each_start_waits_longer_unless_the_last_one_was_steady),
		TEST(one_that_gives_no_sign_of_life_is_killed),
		TEST(one_that_cannot_become_its_user_is_tried_again),
		TEST(what_was_stopped_is_not_started_again),
		TEST(without_descriptors_it_is_not_started_and_says_why),
		TEST(each_start_without_descriptors_says_why),
		TEST(with_too_much_to_pass_it_is_not_started),
	};

	be_what_it_is_called(argc > 0 ? argv[0] : "");
	block_ends_of_children();
	if (!can_execute_itself())
		pass_over_all(tests, sizeof(tests) / sizeof(*tests));
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
