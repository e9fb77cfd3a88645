// SPDX-License-Identifier: GPL-2.0-or-later
/* Attempts to leave the sandbox, each in a process of its own. */
#include "attempts.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "serve/listen.h"
#include "serve/sandbox.h"

#define CLIENTS 20 /* descriptors of listening sockets are below */

static const char *missing;

static int enter(void)
{
	int error = become_nobody();

	return error ? error : sandbox_enter_to_serve(CLIENTS, &missing);
}

static int open_to_read(void)
{
	return open("/", O_RDONLY);
}

static int open_to_write(void)
{
	return open("/tmp", O_WRONLY | O_TMPFILE, 0600);
}

static int look_at_file(void)
{
	struct stat st;

	return stat("/etc/passwd", &st);
}

static int remove_file(void)
{
	return unlink("/tmp/mz-sandbox-not-there") < 0 && errno == ENOENT ? 0 : -1;
}

static int end_a_listening_socket(void)
{
	return shutdown(CLIENTS - 1, SHUT_RDWR);
}

/* The kernel ignores the upper half of the argument. */
static int end_a_listening_socket_by_a_great_number(void)
{
	return sizeof(long) == 8 ? (int)syscall(SYS_shutdown,
					   (unsigned long)-1 << 16 << 16 | (CLIENTS - 1), SHUT_RDWR)
				 : -1;
}

static int duplicate_a_listening_socket(void)
{
	return dup(CLIENTS - 1);
}

static int duplicate_it_otherwise(void)
{
	return fcntl(CLIENTS - 1, F_DUPFD_CLOEXEC, CLIENTS);
}

static int make_a_listening_socket_block(void)
{
	return fcntl(CLIENTS - 1, F_SETFL, 0);
}

/* It would drop all connections of the next exporter on this socket. */
static int filter_a_listening_socket(void)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = {1, &drop};

	return setsockopt(
		CLIENTS - 1, SOL_SOCKET, SO_ATTACH_FILTER, &filter, (socklen_t)sizeof(filter));
}

static int let_nobody_wait(void)
{
	return listen(CLIENTS - 1, 0);
}

static const struct attempt refused[] = {
	{"open a directory", open_to_read},
	{"make a file", open_to_write},
	{"look at a file", look_at_file},
	{"remove a file", remove_file},
	{"duplicate a listening socket", duplicate_a_listening_socket},
	{"duplicate it otherwise", duplicate_it_otherwise},
	{"make a listening socket block", make_a_listening_socket_block},
	{"filter a listening socket", filter_a_listening_socket},
	{"let nobody wait for a listening socket", let_nobody_wait},
	{"end a listening socket", end_a_listening_socket},
	{"end it by a great number", end_a_listening_socket_by_a_great_number},
};

static int pipe_end = -1;

static int use_what_is_there(void)
{
	void *memory = malloc(3 << 20);

	if (!memory || listen(CLIENTS - 1, LISTEN_BACKLOG) < 0 ||
		fcntl(CLIENTS, F_SETFL, O_NONBLOCK) < 0 || dup(CLIENTS) < 0 ||
		shutdown(CLIENTS, SHUT_RDWR) < 0)
		return -1;
	memset(memory, 1, 3 << 20);
	free(memory);
	log_info("what is said in the sandbox is heard");
	return (int)write(pipe_end, "x", 1);
}

static void what_is_open_can_be_used(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pipe_end = ends[1];
	assert_int_equal(try(enter, use_what_is_there), WORKED);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
}

static void nothing_else_can(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	own_end = ends[0];
	expect_refused_to_all(enter);
	/* of them, outside; the great number is none on machines of 32 bits */
	assert_true(expect_refused(enter, refused, sizeof(refused) / sizeof(*refused)) >= 8);
	close(ends[0]);
	close(ends[1]);
}

static int is_nothing_missing(void)
{
	return missing ? -1 : 0;
}

static int enter_as_root(void)
{
	return sandbox_enter_to_serve(CLIENTS, &missing);
}

static void root_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(try(NULL, enter_as_root), FAILED);
}

static void this_kernel_has_all_of_it(void **state)
{
	(void)state;
	if (try(enter, is_nothing_missing) != WORKED) {
		print_message("skipped: this kernel lacks Landlock or seccomp\n");
		skip();
	}
}

/* A listening and a connected socket, as the exporter has them. */
static int open_sockets(void **state)
{
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), pair[2];

	(void)state;
	return bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) < 0 ||
	       listen(fd, 1) < 0 || dup2(fd, CLIENTS - 1) < 0 ||
	       socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || dup2(pair[0], CLIENTS) < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_open_can_be_used),
		cmocka_unit_test(nothing_else_can),
		cmocka_unit_test(root_is_refused),
		cmocka_unit_test(this_kernel_has_all_of_it),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("sandbox", tests, open_sockets, NULL);
}
