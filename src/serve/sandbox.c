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

/* What a call that is not on the list does. Where a test is to notice: make SECCOMP=kill. */
#ifdef MZ_SECCOMP_KILL
#define REFUSE SCMP_ACT_KILL_PROCESS
#else
#define REFUSE SCMP_ACT_ERRNO(EPERM)
#endif

/* Newer than some headers. The second and third are of the ABI's versions 2 and 3. */
#define FS_ALL_OF_1 ((1ULL << 13) - 1)
#define FS_REFER    (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define NET_TCP	    (1ULL << 0 | 1ULL << 1) /* bind and connect, since version 4 */
#define SCOPES	    (1ULL << 0 | 1ULL << 1) /* abstract sockets and signals, since version 6 */

#define INT_BITS 0xffffffff /* all that the kernel looks at of an argument that is an int */

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

/* No rule, so nothing is allowed. Returns 0 or -errno. */
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

/* What serving HTTP takes, by all names that C libraries have for it; below 0 where the machine has
 * none. */
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
	SCMP_SYS(sigaltstack), /* the sanitizers */
	SCMP_SYS(exit_group)};

/*
 * Duplicates and flags only: by F_SETOWN, the kernel would signal others for us. That may hit the
 * keeper, which has our user as its saved one, and only Landlock's version 6 keeps that from it.
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

/* Sockets are to listen as they did, with the same queue. */
static int allow_listen(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(listen), 1,
		SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS, LISTEN_BACKLOG));
}

/* What serving takes is allowed, and nothing else. Returns 0 or -errno. */
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
 * The next exporter serves on the same sockets. What would end them for it, too, is refused on
 * them: to shut them down, to make them block or have another option, and to duplicate them, as the
 * rule knows them by their numbers. That takes a filter of its own, as one cannot both allow a call
 * and refuse a part of it. Returns 0 or -errno.
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

/* Old kernels and new libraries have many ways to fail. */
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
	/* to serve without is better than not */
	if (enter_landlock() < 0)
		*missing = "Landlock";
	if (!enter_seccomp(clients))
		*missing = *missing ? "Landlock and no seccomp" : "seccomp";
	return 0;
}
