// SPDX-License-Identifier: GPL-2.0-or-later
/* Child processes of the daemon that may hang, that want to be executed anew, or that take time to
 * end. */
#include "children.h"

static void one_that_may_hang_is_not_killed(void **state)
{
	(void)state;
	make(0, OBEYS)->may_wait_for = "a disk";
	assert_int_equal(child_start(&children, &child[0]), 0);
	assert_int_equal(kill(child[0].pid, SIGSTOP), 0);
	for (int i = 0; i < 3; i++)
		pass(10000);
	expect_logged("");
	pass(10000);
	expect_logged("the first does not answer: it may be waiting for a disk");
	for (int i = 0; i < 10; i++) /* it says so once */
		pass(10000);
	expect_logged("");
	assert_int_equal(kill(child[0].pid, SIGCONT), 0);
	await_byte(0, PARENT_LIVES);
	expect_logged("the first answers again");
	pass(10000);
	await_byte(0, PARENT_LIVES);
	expect_logged("");
	assert_int_equal(child[0].restarts, 0);
}

static void one_that_ends_with_status_0_is_started_at_once_but_once_a_second(void **state)
{
	(void)state;
	start(0, OBEYS);
	clock_advance(1000);
	child_send(&child[0], 'e');
	await_end();
	assert_int_equal(loop_timeout(&loop), 0);
	pass(0);
	assert_true(child[0].pid > 0);
	for (int i = 0; i < 3; i++) {
		clock_advance(300);
		child_send(&child[0], 'e');
		await_end();
		assert_int_equal(loop_timeout(&loop), 700);
		pass(700);
	}
	expect_logged("");
	assert_int_equal(child[0].restarts, 0);
	child_send(&child[0], 'q');
	await_end();
	pass(100);
	assert_int_equal(child[0].restarts, 1);
}

static void one_that_is_told_to_end_has_time_for_it(void **state)
{
	pid_t pid;

	(void)state;
	clock_run();
	start(0, OBEYS);
	start(1, HANGS);
	pid = child[0].pid;
	assert_int_equal(kill(pid, SIGSTOP), 0);
	child_end(&child[0], 'e', PATIENCE_MS);
	child_stop(&children, &child[1]); /* meanwhile others are stopped */
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(kill(pid, SIGCONT), 0);
	child_stop(&children, &child[0]);
	assert_int_equal(child[0].pid, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	expect_logged("");
}

static void one_that_ended_as_it_was_told_is_not_started_again(void **state)
{
	(void)state;
	start(0, OBEYS);
	child_end(&child[0], 'e', PATIENCE_MS);
	await_end();
	assert_int_equal(loop_timeout(&loop), -1);
	child_stop(&children, &child[0]);
	expect_logged("");
}

static void one_that_does_not_end_as_it_was_told_is_killed(void **state)
{
	(void)state;
	clock_run();
	start(0, HANGS);
	child_end(&child[0], 'e', 50);
	child_stop(&children, &child[0]);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	expect_logged("the first does not end: it is killed");
	child_end(&child[1], 'e', 50); /* that never was started */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		TEST(one_that_may_hang_is_not_killed),
		TEST(one_that_ends_with_status_0_is_started_at_once_but_once_a_second),
		TEST(one_that_is_told_to_end_has_time_for_it),
		TEST(one_that_ended_as_it_was_told_is_not_started_again),
		TEST(one_that_does_not_end_as_it_was_told_is_killed),
	};

	be_what_it_is_called(argc > 0 ? argv[0] : "");
	block_ends_of_children();
	if (!can_execute_itself())
		pass_over_all(tests, sizeof(tests) / sizeof(*tests));
	return cmocka_run_group_tests_name("child's wishes", tests, NULL, NULL);
}
