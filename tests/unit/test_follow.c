// SPDX-License-Identifier: GPL-2.0-or-later
#include "follow.h"

static void what_is_there_is_known_from_the_start(void **state)
{
	(void)state;
	write_lease(leases, "anna");
	begin();
	assert_string_equal(name(), "anna");
	expect_nothing_due();
}

static void a_file_that_is_replaced_or_written_in_place_is_read_again(void **state)
{
	(void)state;
	write_lease(leases, "anna");
	begin();
	replace_lease("otto");
	expect("otto");
	write_lease(leases, "emil");
	expect("emil");
	replace_lease("ida");
	expect("ida");
	write_lease(leases, "karl");
	expect("karl");
}

static void a_file_that_comes_and_goes_is_followed(void **state)
{
	(void)state;
	begin();
	assert_null(name());
	write_lease(leases, "anna");
	expect("anna");
	assert_int_equal(unlink(leases), 0);
	assert_true(read_later());
	replace_lease("otto");
	expect("otto");
}

static void directories_that_come_and_go_are_followed(void **state)
{
	char a[64], b[64];

	(void)state;
	snprintf(a, sizeof(a), "%s/a", directory);
	snprintf(b, sizeof(b), "%s/a/b", directory);
	begin();
	for (int round = 0; round < 2; round++) {
		assert_int_equal(mkdir(a, 0700), 0);
		assert_false(read_later());
		assert_int_equal(mkdir(b, 0700), 0);
		assert_false(read_later());
		write_lease(deep, round ? "otto" : "anna");
		expect(round ? "otto" : "anna");
		assert_int_equal(unlink(deep) | rmdir(b) | rmdir(a), 0);
		assert_true(read_later());
	}
	/* all at once */
	assert_int_equal(mkdir(a, 0700) | mkdir(b, 0700), 0);
	write_lease(deep, "emil");
	expect("emil");
}

static void other_files_are_none_of_its_business(void **state)
{
	char other[96];

	(void)state;
	write_lease(leases, "anna");
	begin();
	snprintf(other, sizeof(other), "%s/other", directory);
	write_lease(other, "x"); /* creating it is an event, writing to it is none */
	expect_nothing_due();
	write_lease(other, "y");
	assert_false(is_event());
}

/* The kernel may report each write: follow.c reads once for all of them. */
static void whoever_writes_all_the_time_is_read_twice_a_second(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < 150; i++) {
		uint64_t before = now_ms();
		char text[16];

		snprintf(text, sizeof(text), "n%u", i);
		write_lease(leases, text);
		take_note();
		if (i % 10 < 9)
			continue;
		expect(text);
		write_lease(leases, "another");
		take_note();
		/* as seen from a moment before the reading, and from one after it was set */
		assert_true(now_ms() + (uint64_t)loop_timeout(&loop) >= before + PAUSE_MS);
	}
}

static void a_change_is_read_in_real_time(void **state)
{
	uint64_t end = now_ms() + PATIENCE_MS;

	(void)state;
	clock_run();
	write_lease(leases, "anna");
	begin();
	changed = false;
	replace_lease("otto");
	while (!changed && now_ms() < end)
		assert_int_equal(loop_round(&loop, loop_timeout(&loop)), 0);
	assert_true(changed);
	assert_string_equal(name(), "otto");
}

static void without_inotify_looking_now_and_then_does(void **state)
{
	(void)state;
	without_inotify = true;
	write_lease(leases, "anna");
	begin();
	assert_int_equal(logged, 1);
	assert_string_equal(name(), "anna");
	replace_lease("otto");
	expect_nothing_due();
	follow_poll(follow);
	assert_string_equal(name(), "anna"); /* a reading that is asked for does not wait */
	expect("otto");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, follow_enter, follow_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_is_known_from_the_start),
		TEST(a_file_that_is_replaced_or_written_in_place_is_read_again),
		TEST(a_file_that_comes_and_goes_is_followed),
		TEST(directories_that_come_and_go_are_followed),
		TEST(other_files_are_none_of_its_business),
		TEST(whoever_writes_all_the_time_is_read_twice_a_second),
		TEST(a_change_is_read_in_real_time),
		TEST(without_inotify_looking_now_and_then_does),
	};

	return cmocka_run_group_tests_name("following", tests, NULL, NULL);
}
