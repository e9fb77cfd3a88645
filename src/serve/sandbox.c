// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/capabilities.h"
#include "serve/listen.h"

/* What a system call that is not allowed does. For tests that must notice: make SECCOMP=kill. */
#ifdef MZ_SECCOMP_KILL
#define REFUSE SCMP_ACT_KILL_PROCESS
#else
#define REFUSE SCMP_ACT_ERRNO(EPERM)
#endif

/* Of linux/landlock.h, since some headers are older. Versions are of Landlock's ABI. */
#define FS_ALL_OF_1 ((1ULL << 13) - 1)
#define FS_REFER    (1ULL << 13)	    /* since version 2 */
#define FS_TRUNCATE (1ULL << 14)	    /* since version 3 */
#define NET_TCP	    (1ULL << 0 | 1ULL << 1) /* bind and connect, since version 4 */
#define SCOPES	    (1ULL << 0 | 1ULL << 1) /* abstract sockets and signals, since version 6 */

#define INT_BITS 0xffffffff /* the kernel ignores the upper half of an argument that is an int */

struct ruleset {
	__u64 fs, net, scoped;
};

static int set_limits(void)
{
	static const struct rlimit none = {0, 0};

	/* RLIMIT_NOFILE stays: connections are descriptors */
	if (setrlimit(RLIMIT_NPROC, &none) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
		setrlimit(RLIMIT_MEMLOCK, &none) < 0)
		return -errno;
	return 0;
}

/* Handles all accesses of the kernel's ABI version without any rule, which denies them all. */
static int enter_landlock(void)
{
	int version =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules = {.fs = FS_ALL_OF_1};
	size_t size = sizeof(rules.fs);
	int fd, error;

	if (version < 1)
		return -ENOSYS;
	if (version >= 2)
		rules.fs |= FS_REFER;
	if (version >= 3)
		rules.fs |= FS_TRUNCATE;
	if (version >= 4) {
		rules.net = NET_TCP;
		size = offsetof(struct ruleset, scoped);
	}
	if (version >= 6) {
		rules.scoped = SCOPES;
		size = sizeof(rules);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return -errno;
	error = syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
	close(fd);
	return error;
}

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
 * Allows the commands of fcntl(2) for duplicates and flags only. By F_SETOWN, the kernel would send
 * signals to other processes for the exporter. One could hit the keeper, whose saved user is the
 * exporter's, and only Landlock's version 6 prevents that.
 */
static int allow_fcntl(scmp_filter_ctx filter, int call)
{
	int error = 0;

	if (call >= 0)
		error = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, call, 1, SCMP_A1(SCMP_CMP_LE, F_SETFL, 0));
	if (call >= 0 && !error)
		error = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, call, 1, SCMP_A1(SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0));
	return error;
}

/* Allows listen(2) with the usual queue only: listen_is_alive() needs it. */
static int allow_listen(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(listen), 1,
		SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS, LISTEN_BACKLOG));
}

/* Allows what serving takes, and refuses everything else. Returns 0 or -errno. */
static int allow_serving(void)
{
	scmp_filter_ctx filter = seccomp_init(REFUSE);
	int error = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed) && !error; i++) {
		if (allowed[i] >= 0)
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	}
	if (!error)
		error = allow_fcntl(filter, SCMP_SYS(fcntl));
	if (!error)
		error = allow_fcntl(filter, SCMP_SYS(fcntl64));
	if (!error)
		error = allow_listen(filter);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

/*
 * The next exporter serves on the same sockets, so this one must not spoil them. On descriptors
 * below clients, refuses to shut down, to set options or flags, and to duplicate: the rule knows
 * the sockets by their numbers, which a duplicate would not have. This takes a filter of its own,
 * as one filter cannot both allow a call and refuse it for some arguments. Returns 0 or -errno.
 */
static int guard_sockets(int clients)
{
	static const int calls[] = {SCMP_SYS(shutdown), SCMP_SYS(setsockopt), SCMP_SYS(dup),
		SCMP_SYS(fcntl), SCMP_SYS(fcntl64)};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		for (int fd = 0; fd < clients && !error && calls[i] >= 0; fd++)
			error = seccomp_rule_add(filter, REFUSE, calls[i], 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, INT_BITS, (scmp_datum_t)fd));
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

/* Whether both filters are in force. Old kernels and new libraries fail in many ways. */
static bool enter_seccomp(int clients)
{
	return guard_sockets(clients) == 0 && allow_serving() == 0;
}

int sandbox_enter(int clients, const char **missing)
{
	int error = geteuid() == 0 ? -EPERM : capabilities_set(0, 0);

	*missing = NULL;
	if (!error)
		error = set_limits();
	if (!error && (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		error = -errno;
	if (error)
		return error;
	/* Serving without these is better than not serving. */
	if (enter_landlock() < 0)
		*missing = "Landlock";
	if (!enter_seccomp(clients))
		*missing = *missing ? "Landlock and no seccomp" : "seccomp";
	return 0;
}
