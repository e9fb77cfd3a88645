// SPDX-License-Identifier: GPL-2.0-or-later
/* The client of the Unix socket, against servers that misbehave. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/request.h"
#include "serve/listen.h"

static char directory[] = "/tmp/mz-client-XXXXXX", path[64];

static int set_up(void **state)
{
	(void)state;
	alarm(HANGS_S);
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/sock", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(directory);
}

enum manner { AT_ONCE, BYTE_BY_BYTE, FOREVER, SILENT };

/* Answers one client in a manner, in a process of its own. */
static void serve(int listening, const char *answer, size_t length, enum manner manner)
{
	char request[1024];
	int fd;

	while ((fd = accept(listening, NULL, NULL)) < 0)
		usleep(1000);
	if (recv(fd, request, sizeof(request), 0) <= 0)
		_exit(1);
	if (manner == SILENT)
		pause();
	do {
		for (size_t i = 0; manner == BYTE_BY_BYTE && i < length; i++) {
			send(fd, answer + i, 1, MSG_NOSIGNAL);
			usleep(1000);
		}
		if (manner != BYTE_BY_BYTE && send(fd, answer, length, MSG_NOSIGNAL) < 0)
			break;
		if (manner == FOREVER && length < 100)
			usleep(10000);
	} while (manner == FOREVER);
	close(fd);
	_exit(0);
}

/* A short time limit for tests that wait in vain, a long one for all others. */
#define SHORT_MS 200
#define LONG_MS	 60000

/* status: NULL for request_get(). */
static int ask(
	const char *answer, size_t length, enum manner manner, struct buf *body, unsigned *status)
{
	struct listen_file file;
	int listening = listen_unix(path, &file), error;
	bool in_vain = manner == SILENT || (manner == FOREVER && length < 100);
	pid_t child;

	assert_true(listening >= 0);
	child = fork();
	if (child == 0)
		serve(listening, answer, length, manner);
	close(listening);
	error = status ? request_any(path, "/x", LONG_MS, body, status)
		       : request_get(path, "/x", in_vain ? SHORT_MS : LONG_MS, body);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	listen_remove(&file);
	return error;
}

static void expect(const char *answer, enum manner manner, int expected, const char *text)
{
	struct buf body = {0};
	int error = ask(answer, strlen(answer), manner, &body, NULL);

	if (error != expected)
		fail_msg("%s: %d instead of %d", answer, error, expected);
	assert_int_equal(body.length, strlen(text));
	assert_memory_equal(body.data ? body.data : "", text, strlen(text));
	buf_free(&body);
}

static void a_good_answer_is_taken(void **state)
{
	(void)state;
	expect("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", AT_ONCE, 0, "hello");
	expect("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", BYTE_BY_BYTE, 0, "hello");
	expect("HTTP/1.0 200 OK\r\n\r\nno length\r\n\r\nContent-Length: 3\r\n\r\n", AT_ONCE, 0,
		"no length\r\n\r\nContent-Length: 3\r\n\r\n");
	expect("HTTP/1.0 200 OK\r\n\r\n", AT_ONCE, 0, "");
}

static void a_bad_answer_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"\r\n\r\n",
		"garbage",
		"HTTP/1.0 200 OK\r\n",
		"HTTP/1.0 404 Not Found\r\n\r\nx",
		"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello!",
		"HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
		"HTTP/1.0\r\n\r\n",
		"HTTP/x.y zzz\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(bad[i], AT_ONCE, -EPROTO, "");
	expect("HTTP/1.1 503 Service Unavailable\r\n\r\nlater", AT_ONCE, -EBUSY, "");
}

static void a_nul_in_the_head_ends_it(void **state)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\n\0\r\n\r\nx";
	struct buf body = {0};

	(void)state;
	assert_int_equal(ask(answer, sizeof(answer) - 1, AT_ONCE, &body, NULL), -EPROTO);
	buf_free(&body);
}

static void an_answer_without_end_is_cut_short(void **state)
{
	static char part[65536];
	struct buf body = {0};

	(void)state;
	memset(part, 'x', sizeof(part));
	assert_int_equal(ask(part, sizeof(part), FOREVER, &body, NULL), -EFBIG);
	assert_int_equal(body.length, 0);
	buf_free(&body);
}

static void who_takes_too_long_is_left(void **state)
{
	static const enum manner manners[] = {FOREVER, SILENT};

	(void)state;
	for (size_t i = 0; i < sizeof(manners) / sizeof(*manners); i++) {
		uint64_t start = now_ms();

		expect("HTTP/1.0 200 OK\r\n", manners[i], -ETIMEDOUT, "");
		assert_true(now_ms() - start >= SHORT_MS);
	}
}

static void a_server_that_accepts_nobody_is_waited_for_in_vain(void **state)
{
	struct listen_file file;
	struct buf body = {0};
	int listening, waiting[300];
	uint64_t start;
	size_t count = 0;

	(void)state;
	listening = listen_unix(path, &file);
	listen(listening, 1);
	for (; count < 300; count++) { /* until its queue is full */
		struct sockaddr_storage address;
		socklen_t length = sizeof(address);

		getsockname(listening, (struct sockaddr *)&address, &length);
		waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(waiting[count], (struct sockaddr *)&address, length) < 0)
			break;
	}
	assert_true(count >= 1 && count < 300);
	start = now_ms();
	assert_int_equal(request_get(path, "/x", SHORT_MS, &body), -ETIMEDOUT);
	assert_true(now_ms() - start >= SHORT_MS);
	for (size_t i = 0; i <= count; i++)
		close(waiting[i]);
	close(listening);
	assert_int_equal(request_get(path, "/x", SHORT_MS, &body), -ECONNREFUSED);
	listen_remove(&file);
	assert_int_equal(request_get(path, "/x", SHORT_MS, &body), -ENOENT);
	buf_free(&body);
}

/* mezoura get prints what a refusal says. */
static void any_status_has_its_body(void **state)
{
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nwhy\n";
	struct buf body = {0};
	unsigned status = 0;

	(void)state;
	assert_int_equal(ask(answer, strlen(answer), AT_ONCE, &body, &status), 0);
	assert_int_equal(status, 400);
	assert_int_equal(body.length, 4);
	assert_memory_equal(body.data, "why\n", 4);
	assert_int_equal(ask(answer, strlen(answer), AT_ONCE, &body, NULL), -EPROTO);
	assert_int_equal(body.length, 4);
	buf_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_answer_is_taken),
		cmocka_unit_test(a_bad_answer_is_refused),
		cmocka_unit_test(any_status_has_its_body),
		cmocka_unit_test(a_nul_in_the_head_ends_it),
		cmocka_unit_test(an_answer_without_end_is_cut_short),
		cmocka_unit_test(who_takes_too_long_is_left),
		cmocka_unit_test(a_server_that_accepts_nobody_is_waited_for_in_vain),
	};

	return cmocka_run_group_tests_name("client", tests, set_up, tear_down);
}
