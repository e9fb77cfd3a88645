// SPDX-License-Identifier: GPL-2.0-or-later
/* Attempts to leave the sandbox, each in a process of its own. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/listen.h"
#include "serve/sandbox.h"

/* The result of a child's attempt. */
enum { FAILED, WORKED, NO_SANDBOX };

#define NOBODY	65534
#define CLIENTS 20 /* descriptors of listening sockets are below */

static const char *missing;

/* As the keeper's child does, where this is root. */
static int enter(void)
{
	if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		return -errno;
	return sandbox_enter_to_serve(CLIENTS, &missing);
}

static int own_end = -1; /* of a pipe */

static int try(int (*attempt)(void), bool inside)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		int error = inside ? enter() : 0;

		if (error)
			_exit(NO_SANDBOX);
		_exit(attempt() < 0 ? FAILED : WORKED);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) { /* as built with SECCOMP=kill */
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return FAILED;
	}
	return WEXITSTATUS(status);
}

static int open_to_read(void)
{
	return open("/", O_RDONLY);
}

static int open_to_write(void)
{
	return open("/tmp", O_WRONLY | O_TMPFILE, 0600);
}

static int open_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int open_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
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

static int change_directory(void)
{
	return chdir("/");
}

static int start_child(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child;
}

/* Where this works, another program runs, and returns the same status. */
static int execute(void)
{
	return execl("/bin/sh", "sh", "-c", "exit 1", (char *)NULL);
}

static int signal_parent(void)
{
	return kill(getppid(), 0);
}

/* By F_SETOWN: the kernel signals when there is something to read, or the other end is closed. */
static int have_the_kernel_signal_the_parent(void)
{
	return fcntl(own_end, F_SETOWN, getppid());
}

static int trace_parent(void)
{
	return (int)ptrace(PTRACE_SEIZE, getppid(), 0, 0);
}

static int become_root(void)
{
	return setuid(0);
}

static int make_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int make_memory_file(void)
{
	return memfd_create("x", 0);
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

static const struct {
	const char *what;
	int (*attempt)(void);
} attempts[] = {
	{"open a directory", open_to_read},
	{"make a file", open_to_write},
	{"open a TCP socket", open_socket},
	{"open a Unix socket", open_unix_socket},
	{"look at a file", look_at_file},
	{"remove a file", remove_file},
	{"change the directory", change_directory},
	{"start a child", start_child},
	{"execute a program", execute},
	{"signal the parent", signal_parent},
	{"have the kernel signal the parent", have_the_kernel_signal_the_parent},
	{"trace the parent", trace_parent},
	{"become root", become_root},
	{"make a namespace", make_namespace},
	{"make a file in memory", make_memory_file},
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
	assert_int_equal(try(use_what_is_there, true), WORKED);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
}

static void nothing_else_can(void **state)
{
	unsigned possible = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	own_end = ends[0];
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		int result = try(attempts[i].attempt, true);

		if (result != FAILED)
			fail_msg("%s: %s", attempts[i].what,
				result == WORKED ? "worked" : "no sandbox");
		possible += try(attempts[i].attempt, false) == WORKED;
	}
	close(ends[0]);
	close(ends[1]);
	assert_true(possible >= 16); /* of them, outside of the sandbox */
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
	assert_int_equal(try(enter_as_root, false), FAILED);
}

static void this_kernel_has_all_of_it(void **state)
{
	(void)state;
	if (try(is_nothing_missing, true) != WORKED) {
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

	alarm(280);
	return cmocka_run_group_tests_name("sandbox", tests, open_sockets, NULL);
}
