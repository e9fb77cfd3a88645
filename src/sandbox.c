// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privileges.h"

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

/* No rule, so nothing is allowed. Returns 0, -ENOSYS where the kernel has none, or -errno. */
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

/* What serving HTTP takes, by all names that C libraries have for it. */
static const char *const allowed[] = {"accept4", "accept", "recvfrom", "recv", "recvmsg", "read",
	"readv", "pread64", "sendto", "send", "sendmsg", "write", "writev", "close", "shutdown",
	"getsockopt", "setsockopt", "getsockname", "getpeername", "fcntl", "fcntl64", "dup",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "poll", "ppoll", "ppoll_time64",
	"clock_gettime", "clock_gettime64", "gettimeofday", "time", "clock_nanosleep",
	"clock_nanosleep_time64", "nanosleep", "mmap", "mmap2", "mremap", "mprotect", "munmap",
	"madvise", "brk", "futex", "futex_time64", "getrandom", "getrusage", "getpid", "gettid",
	"rt_sigreturn", "sigreturn", "rt_sigprocmask", "restart_syscall", "exit",
	"sigaltstack", /* the sanitizers */
	"exit_group"};

/* Returns 0, -ENOSYS where the kernel has no such filters, or -errno. */
static int enter_seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(REFUSE);
	int error = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed) && !error; i++) {
		int call = seccomp_syscall_resolve_name(allowed[i]);

		if (call >= 0) /* below that: not one of this machine */
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error == -EINVAL || error == -ECANCELED ? -ENOSYS : error;
}

int sandbox_enter(const char **missing)
{
	pid_t parent = getppid();
	int error = geteuid() == 0 ? -EPERM : privileges_none();

	*missing = NULL;
	if (!error)
		error = set_limits();
	if (!error &&
		(prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			prctl(PR_SET_PDEATHSIG, SIGKILL) < 0))
		error = -errno;
	if (!error && getppid() != parent) /* it ended before that took effect */
		error = -ESRCH;
	if (!error)
		error = enter_landlock();
	if (error == -ENOSYS || error == -EOPNOTSUPP) {
		*missing = "Landlock";
		error = 0;
	}
	if (!error)
		error = enter_seccomp();
	if (error == -ENOSYS) {
		*missing = "seccomp";
		error = 0;
	}
	return error;
}
