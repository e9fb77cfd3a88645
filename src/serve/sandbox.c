// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "serve/listen.h"

/*
 * The system calls that serving HTTP takes, in all variants that C libraries use. A number is
 * negative where the machine does not have the call.
 */
static const int allowed[] = {SCMP_SYS(accept4), SCMP_SYS(accept), SCMP_SYS(recvfrom),
	SCMP_SYS(recv), SCMP_SYS(recvmsg), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64),
	SCMP_SYS(sendto), SCMP_SYS(send), SCMP_SYS(sendmsg), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(close), SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(dup), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep), SCMP_SYS(mmap), SCMP_SYS(mmap2),
	SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(getrandom), SCMP_SYS(getrusage),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(uname),
	SCMP_SYS(sigaltstack), /* for the sanitizers */
	SCMP_SYS(exit_group)};

/*
 * Of fcntl(2) the commands for duplicates and flags only. By F_SETOWN, the kernel would send
 * signals to other processes for the exporter. One could hit the keeper, whose saved user is the
 * exporter's, and only Landlock's version 6 prevents that. Of listen(2) the usual queue only:
 * listen_is_alive() needs it.
 */
static const struct sandbox_rule some[] = {
	{SCMP_SYS(fcntl), 1, SANDBOX_AT_MOST, F_SETFL},
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_DUPFD_CLOEXEC},
	{SCMP_SYS(fcntl64), 1, SANDBOX_AT_MOST, F_SETFL},
	{SCMP_SYS(fcntl64), 1, SANDBOX_EQUALS, F_DUPFD_CLOEXEC},
	{SCMP_SYS(listen), 1, SANDBOX_EQUALS, LISTEN_BACKLOG},
};

/*
 * The next exporter serves on the same sockets, so this one must not spoil them. On descriptors
 * below clients, refuses to shut down, to set options or flags, and to duplicate: the rule knows
 * the sockets by their numbers, which a duplicate would not have. The caller frees what this
 * returns; NULL: no memory.
 */
static struct sandbox_rule *guard_sockets(int clients, size_t *count)
{
	static const int calls[] = {SCMP_SYS(shutdown), SCMP_SYS(setsockopt), SCMP_SYS(dup),
		SCMP_SYS(fcntl), SCMP_SYS(fcntl64)};
	const size_t call_count = sizeof(calls) / sizeof(*calls);
	struct sandbox_rule *rules = calloc(call_count * (size_t)clients, sizeof(*rules));

	*count = 0;
	for (size_t i = 0; i < call_count && rules; i++)
		for (int fd = 0; fd < clients; fd++)
			rules[(*count)++] =
				(struct sandbox_rule){calls[i], 0, SANDBOX_EQUALS, (uint64_t)fd};
	return rules;
}

int sandbox_enter_to_serve(int clients, const char **missing)
{
	struct sandbox sandbox = {.calls = allowed,
		.call_count = sizeof(allowed) / sizeof(*allowed),
		.allowed = some,
		.allowed_count = sizeof(some) / sizeof(*some)};
	struct sandbox_rule *guard;
	int error;

	if (geteuid() == 0)
		return -EPERM;
	guard = guard_sockets(clients, &sandbox.refused_count);
	if (!guard)
		return -ENOMEM;
	sandbox.refused = guard;
	error = sandbox_enter(&sandbox, missing);
	free(guard);
	return error;
}
