// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Child processes of the daemon: this program, which is executed anew under names that say what it
 * is to do. The clock moves when a test says so, and so the waits of half a minute take no time.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/parent.h"
#include "clock.h"
#include "daemon/child.h"
#include "itself.h"

#define HANGS	    "child-that-hangs"
#define OBEYS	    "child-that-obeys" /* ends, with status 3, at the byte 'q'; sends back all others */
#define PATIENCE_MS 60000

static struct loop loop;
static struct children children;
static struct child child[2];
static char received[2][256];
static int report[2], log_pipe[2], old_stderr;
static struct rlimit old_limit; /* of open files */
static char *arguments[] = {NULL, NULL};

static int obey(void)
{
	struct pollfd channel = {.fd = PARENT_CHANNEL, .events = POLLIN};
	char byte;

	if (write(PARENT_PASSED, "here", 4) != 4 || fcntl(PARENT_PASSED + 1, F_GETFD) >= 0)
		return 4;
	while (poll(&channel, 1, -1) > 0)
		if (parent_receive(&byte)) {
			if (byte == 'q')
				return 3;
			parent_send(byte);
		}
	return 5;
}

static int hang(void)
{
	if (parent_follow_to_the_end() < 0 || write(PARENT_PASSED, "here", 4) != 4)
		return 4;
	for (;;)
		pause();
}

static int keep_user(const struct privileges *privileges)
{
	(void)privileges;
	return 0;
}

static int find_no_user(const struct privileges *privileges)
{
	(void)privileges;
	errno = EPERM;
	return -EPERM;
}

static void receive(void *context, const char *bytes, size_t length)
{
	strncat(context, bytes, length);
}

static struct child *make(int which, char *argv0)
{
	child[which] = (struct child){.name = which ? "second" : "first",
		.argv = arguments,
		.argv0 = argv0,
		.passed = &report[1],
		.passed_count = 1,
		.become_user = keep_user,
		.receive = receive,
		.context = received[which]};
	return &child[which];
}

/* And waits until it uses what was passed. */
static void start(int which, char *argv0)
{
	char text[4];

	assert_int_equal(child_start(&children, make(which, argv0)), 0);
	assert_int_equal(read(report[0], text, sizeof(text)), sizeof(text));
	assert_memory_equal(text, "here", sizeof(text));
}

static int count_running(void)
{
	return (child[0].pid > 0) + (child[1].pid > 0);
}

/* Until some child ended, and was reaped. A signal may be left of an earlier test's. */
static void await_end(void)
{
	static const struct timespec patience = {PATIENCE_MS / 1000, 0};
	int running = count_running();
	sigset_t ended;

	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	while (count_running() == running) {
		assert_int_equal(sigtimedwait(&ended, NULL, &patience), SIGCHLD);
		children_reap(&children);
	}
}

static void await_byte(int which, char byte)
{
	struct pollfd fd = {.fd = loop_fd(&loop), .events = POLLIN};

	while (!strchr(received[which], byte)) {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		assert_int_equal(loop_round(&loop, 0), 0);
	}
	received[which][0] = '\0';
}

static void pass(int ms)
{
	clock_advance((uint64_t)ms);
	assert_int_equal(loop_round(&loop, 0), 0);
}

static void expect_logged(const char *expected)
{
	char text[1024];
	ssize_t length = read(log_pipe[0], text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	if (*expected)
		assert_non_null(strstr(text, expected));
	else
		assert_string_equal(text, "");
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

static int begin(void **state)
{
	(void)state;
	alarm(250);
	memset(child, 0, sizeof(child));
	memset(received, 0, sizeof(received));
	clock_stop();
	if (loop_open(&loop, 1000) < 0 || pipe2(report, O_CLOEXEC) < 0 ||
		pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	children = (struct children){.loop = &loop};
	if (getrlimit(RLIMIT_NOFILE, &old_limit) < 0)
		return -1;
	old_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	return dup2(log_pipe[1], STDERR_FILENO) < 0;
}

static int end(void **state)
{
	(void)state;
	setrlimit(RLIMIT_NOFILE, &old_limit);
	clock_run();
	for (int i = 0; i < 2; i++)
		child_stop(&children, &child[i]);
	loop_close(&loop);
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	for (int i = 0; i < 2; i++) {
		close(report[i]);
		close(log_pipe[i]);
	}
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

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
	sigset_t ended;

	if (argc > 0 && strcmp(argv[0], ITSELF) == 0)
		return ITSELF_STATUS;
	if (argc > 0 && strcmp(argv[0], OBEYS) == 0)
		return obey();
	if (argc > 0 && strcmp(argv[0], HANGS) == 0)
		return hang();
	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ended, NULL);
	if (!can_execute_itself())
		pass_over_all(tests, sizeof(tests) / sizeof(*tests));
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
