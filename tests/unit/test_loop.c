// SPDX-License-Identifier: GPL-2.0-or-later
/* The event loop and its descriptors, which are pipes. Timers: test_loop_timers.c. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "clock.h"

#define LIMIT 20

static struct loop loop;
static unsigned pauses;

/* In place of the real one. */
int usleep(useconds_t us)
{
	(void)us;
	pauses++;
	return 0;
}

struct input {
	struct loop_source source;
	int other_end;
	unsigned handled;
	bool keeps; /* the byte, so that it is readable again */
	struct input *removes;
	unsigned ends_after; /* so many, the loop; 0: never */
};

static void handle_input(void *context)
{
	struct input *input = context;
	char byte;

	input->handled++;
	if (!input->keeps)
		assert_int_equal(read(input->source.fd, &byte, 1), 1);
	if (input->removes)
		loop_remove(&loop, &input->removes->source);
	if (input->handled == input->ends_after)
		loop_end(&loop);
}

static void open_input(struct input *input)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	*input = (struct input){.source = {.fd = ends[0], .handle = handle_input, .context = input},
		.other_end = ends[1]};
}

static void add_input(struct input *input)
{
	open_input(input);
	assert_int_equal(loop_add(&loop, &input->source), 0);
}

static void put_byte(const struct input *input)
{
	assert_int_equal(write(input->other_end, "x", 1), 1);
}

static void make_rounds(unsigned count)
{
	while (count--)
		assert_int_equal(loop_round(&loop, 0), 0);
}

static void a_descriptor_is_handled_when_it_is_readable(void **state)
{
	struct input input;

	(void)state;
	add_input(&input);
	make_rounds(3);
	assert_int_equal(input.handled, 0);
	put_byte(&input);
	make_rounds(3);
	assert_int_equal(input.handled, 1);
	input.keeps = true;
	close(input.other_end);
	make_rounds(1);
	assert_int_equal(input.handled, 2); /* its end is to be read, too */
}

static void of_some_only_the_end_is_handled(void **state)
{
	struct input input;

	(void)state;
	open_input(&input);
	input.keeps = input.source.only_hangup = true;
	assert_int_equal(loop_add(&loop, &input.source), 0);
	put_byte(&input);
	make_rounds(3);
	assert_int_equal(input.handled, 0);
	close(input.other_end);
	make_rounds(1);
	assert_int_equal(input.handled, 1);
}

static void what_cannot_be_waited_for_is_an_error(void **state)
{
	struct loop_source file = {.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)},
			   none = {.fd = -1};

	(void)state;
	assert_int_equal(loop_add(&loop, &file), -EPERM);
	assert_int_equal(loop_add(&loop, &none), -EBADF);
	loop_remove(&loop, &none);
	close(file.fd);
}

static void two_that_are_ready_are_both_handled(void **state)
{
	struct input inputs[2];

	(void)state;
	add_input(&inputs[0]);
	add_input(&inputs[1]);
	put_byte(&inputs[0]);
	put_byte(&inputs[1]);
	make_rounds(1);
	assert_int_equal(inputs[0].handled + inputs[1].handled, 1); /* one per round */
	make_rounds(3);
	assert_int_equal(inputs[0].handled, 1);
	assert_int_equal(inputs[1].handled, 1);
}

/* Each removes the other: whichever is handled first is the only one. */
static void a_handler_may_remove_what_is_ready_too(void **state)
{
	struct input inputs[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		add_input(&inputs[i]);
		put_byte(&inputs[i]);
		inputs[i].removes = &inputs[!i];
	}
	make_rounds(3);
	assert_int_equal(inputs[0].handled + inputs[1].handled, 1);
}

static void a_handler_may_remove_itself(void **state)
{
	struct input input;

	(void)state;
	add_input(&input);
	put_byte(&input);
	put_byte(&input);
	input.removes = &input;
	make_rounds(3);
	assert_int_equal(input.handled, 1);
	assert_int_equal(input.source.fd, -1);
}

static void free_input(void *context)
{
	struct input *input = context;
	int fd = input->source.fd;

	loop_remove(&loop, &input->source);
	close(fd);
	free(input);
	pauses++; /* as a sign that it was here */
}

static void a_handler_may_free_its_source(void **state)
{
	struct input *input = malloc(sizeof(*input));

	(void)state;
	assert_non_null(input);
	open_input(input);
	input->source.handle = free_input;
	assert_int_equal(loop_add(&loop, &input->source), 0);
	close(input->other_end);
	make_rounds(3);
	assert_int_equal(pauses, 1);
}

static void a_handler_ends_the_loop(void **state)
{
	struct input input;

	(void)state;
	add_input(&input);
	put_byte(&input);
	input.keeps = true;
	input.ends_after = 3;
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(input.handled, 3);
}

static void a_loop_that_cannot_wait_says_so(void **state)
{
	(void)state;
	loop_close(&loop);
	assert_int_equal(loop_run(&loop), -EBADF);
}

static void a_loop_is_a_descriptor_of_another(void **state)
{
	struct loop_source inner = {.handle = handle_input};
	struct input input;
	struct loop outer;
	char byte;

	(void)state;
	add_input(&input);
	input.keeps = true;
	inner.fd = loop_fd(&loop);
	inner.context = &input;
	assert_int_equal(loop_open(&outer, LIMIT), 0);
	assert_int_equal(loop_add(&outer, &inner), 0);
	assert_int_equal(loop_round(&outer, 0), 0);
	assert_int_equal(input.handled, 0);
	put_byte(&input);
	assert_int_equal(loop_round(&outer, 0), 0);
	assert_int_equal(input.handled, 1);
	assert_int_equal(read(input.source.fd, &byte, 1), 1);
	assert_int_equal(loop_round(&outer, 0), 0);
	assert_int_equal(input.handled, 1);
	loop_close(&outer);
}

/* How often what was logged since has the words in it. */
static unsigned count_lines(int log, const char *words)
{
	char text[4096];
	ssize_t length = read(log, text, sizeof(text) - 1);
	unsigned count = 0;

	text[length > 0 ? length : 0] = '\0';
	for (const char *at = text; (at = strstr(at, words)); at++)
		count++;
	return count;
}

static void a_loop_that_spins_is_slowed_down(void **state)
{
	int log[2], old = dup(STDERR_FILENO);
	struct input input;

	(void)state;
	assert_int_equal(pipe2(log, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(dup2(log[1], STDERR_FILENO) >= 0);
	add_input(&input);
	input.keeps = true;
	put_byte(&input);
	make_rounds(LIMIT);
	assert_int_equal(pauses, 0);
	make_rounds(5);
	assert_int_equal(pauses, 5);
	assert_int_equal(input.handled, LIMIT + 5); /* slower, but all of them */
	clock_advance(100);
	make_rounds(LIMIT);
	assert_int_equal(pauses, 5);
	make_rounds(1);
	assert_int_equal(pauses, 6);
	assert_int_equal(count_lines(log[0], "more than 20 events in 100 ms"), 1);
	clock_advance(61000);
	make_rounds(LIMIT + 2);
	assert_int_equal(count_lines(log[0], "slowing down"), 1); /* once a minute */
	assert_true(dup2(old, STDERR_FILENO) >= 0);
	close(old);
}

static int begin(void **state)
{
	(void)state;
	alarm(HANGS_S);
	pauses = 0;
	clock_stop();
	return loop_open(&loop, LIMIT);
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
		TEST(a_descriptor_is_handled_when_it_is_readable),
		TEST(of_some_only_the_end_is_handled),
		TEST(what_cannot_be_waited_for_is_an_error),
		TEST(two_that_are_ready_are_both_handled),
		TEST(a_handler_may_remove_what_is_ready_too),
		TEST(a_handler_may_remove_itself),
		TEST(a_handler_may_free_its_source),
		TEST(a_handler_ends_the_loop),
		TEST(a_loop_that_cannot_wait_says_so),
		TEST(a_loop_is_a_descriptor_of_another),
		TEST(a_loop_that_spins_is_slowed_down),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
