/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts to leave a sandbox, each in a process of its own. */
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* The result of a child's attempt. */
enum { FAILED, WORKED, NO_SANDBOX };

struct attempt {
	const char *what;
	int (*attempt)(void);
};

static int own_end = -1; /* of a pipe or of a socket */

/* As the daemon starts its children, where this is root. */
static inline int become_nobody(void)
{
	return geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0) ? -errno : 0;
}

/* enter: into the sandbox. NULL: outside. */
static inline int try(int (*enter)(void), int (*attempt)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (enter && enter() < 0)
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

static inline int open_tcp_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static inline int open_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}

static inline int change_directory(void)
{
	return chdir("/");
}

static inline int start_child(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child;
}

/* Where this works, another program runs, and returns the same status. */
static inline int execute(void)
{
	return execl("/bin/sh", "sh", "-c", "exit 1", (char *)NULL);
}

static inline int signal_parent(void)
{
	return kill(getppid(), 0);
}

/* By F_SETOWN: the kernel signals when there is something to read, or the other end is closed. */
static inline int have_the_kernel_signal_the_parent(void)
{
	return fcntl(own_end, F_SETOWN, getppid());
}

static inline int trace_parent(void)
{
	return (int)ptrace(PTRACE_SEIZE, getppid(), 0, 0);
}

static inline int become_root(void)
{
	return setuid(0);
}

static inline int make_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static inline int make_memory_file(void)
{
	return memfd_create("x", 0);
}

/* Refused in every sandbox. */
static const struct attempt refused_to_all[] = {
	{"open a TCP socket", open_tcp_socket},
	{"open a Unix socket", open_unix_socket},
	{"change the directory", change_directory},
	{"start a child", start_child},
	{"execute a program", execute},
	{"signal the parent", signal_parent},
	{"have the kernel signal the parent", have_the_kernel_signal_the_parent},
	{"trace the parent", trace_parent},
	{"become root", become_root},
	{"make a namespace", make_namespace},
	{"make a file in memory", make_memory_file},
};

/* Returns how many of them work outside of the sandbox; within, none does. */
static inline unsigned expect_refused(
	int (*enter)(void), const struct attempt *attempts, size_t count)
{
	unsigned possible = 0;

	for (size_t i = 0; i < count; i++) {
		int result = try(enter, attempts[i].attempt);

		if (result != FAILED)
			fail_msg("%s: %s", attempts[i].what,
				result == WORKED ? "worked" : "no sandbox");
		possible += try(NULL, attempts[i].attempt) == WORKED;
	}
	return possible;
}

/* Of those, outside, as others than root, too. */
#define POSSIBLE_TO_ALL 7

static inline void expect_refused_to_all(int (*enter)(void))
{
	assert_true(expect_refused(enter, refused_to_all,
			    sizeof(refused_to_all) / sizeof(*refused_to_all)) >= POSSIBLE_TO_ALL);
}

#endif
