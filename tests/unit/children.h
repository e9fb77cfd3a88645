/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of daemon/child: two children, which are this program, executed anew under names that
 * say what it is to do. The clock moves when a test says so, and so the waits of half a minute take
 * no time.
 */
#ifndef MZ_TEST_CHILDREN_H
#define MZ_TEST_CHILDREN_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/parent.h"
#include "clock.h"
#include "daemon/child.h"
#include "itself.h"

#define HANGS "child-that-hangs"
#define OBEYS                                                                                      \
	"child-that-obeys" /* ends, with status 3, at 'q', with 0 at 'e'; sends back all others */
#define PATIENCE_MS 60000

static struct loop loop;
static struct children children;
static struct child child[2];
static char received[2][256];
static int report[2], log_pipe[2], old_stderr;
static char *arguments[] = {NULL, NULL};

static inline int obey(void)
{
	struct pollfd channel = {.fd = PARENT_CHANNEL, .events = POLLIN};
	char byte;

	if (write(PARENT_PASSED, "here", 4) != 4 || fcntl(PARENT_PASSED + 1, F_GETFD) >= 0)
		return 4;
	while (poll(&channel, 1, -1) > 0)
		if (parent_receive(&byte)) {
			if (byte == 'q')
				return 3;
			if (byte == 'e')
				return 0;
			parent_send(byte);
		}
	return 5;
}

static inline int hang(void)
{
	if (parent_follow_to_the_end() < 0 || write(PARENT_PASSED, "here", 4) != 4)
		return 4;
	for (;;)
		pause();
}

static inline int keep_user(const struct privileges *privileges)
{
	(void)privileges;
	return 0;
}

static inline void receive(void *context, const char *bytes, size_t length)
{
	strncat(context, bytes, length);
}

static inline struct child *make(int which, char *argv0)
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
static inline void start(int which, char *argv0)
{
	char text[4];

	assert_int_equal(child_start(&children, make(which, argv0)), 0);
	assert_int_equal(read(report[0], text, sizeof(text)), sizeof(text));
	assert_memory_equal(text, "here", sizeof(text));
}

static inline int count_running(void)
{
	return (child[0].pid > 0) + (child[1].pid > 0);
}

/* Until some child ended, and was reaped. A signal may be left of an earlier test's. */
static inline void await_end(void)
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

static inline void await_byte(int which, char byte)
{
	struct pollfd fd = {.fd = loop_fd(&loop), .events = POLLIN};

	while (!strchr(received[which], byte)) {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		assert_int_equal(loop_round(&loop, 0), 0);
	}
	received[which][0] = '\0';
}

static inline void pass(int ms)
{
	clock_advance((uint64_t)ms);
	assert_int_equal(loop_round(&loop, 0), 0);
}

static inline void expect_logged(const char *expected)
{
	char text[1024];
	ssize_t length = read(log_pipe[0], text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	if (*expected)
		assert_non_null(strstr(text, expected));
	else
		assert_string_equal(text, "");
}

static inline int begin(void **state)
{
	(void)state;
	alarm(HANGS_S);
	memset(child, 0, sizeof(child));
	memset(received, 0, sizeof(received));
	clock_stop();
	if (loop_open(&loop, 1000) < 0 || pipe2(report, O_CLOEXEC) < 0 ||
		pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	children = (struct children){.loop = &loop};
	old_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	return dup2(log_pipe[1], STDERR_FILENO) < 0;
}

static inline int end(void **state)
{
	(void)state;
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

/* Does what the name says by which this program was executed, and then does not return. */
static inline void be_what_it_is_called(const char *name)
{
	if (strcmp(name, ITSELF) == 0)
		_exit(ITSELF_STATUS);
	if (strcmp(name, OBEYS) == 0)
		_exit(obey());
	if (strcmp(name, HANGS) == 0)
		_exit(hang());
}

static inline void block_ends_of_children(void)
{
	sigset_t ended;

	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ended, NULL);
}

#endif
