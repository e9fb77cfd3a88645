// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/capabilities.h"

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

/* In a directory of one's own: regular files, and nothing that makes a device or a program. */
#define FS_OWN                                                                                     \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |                            \
		LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                     \
		LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE)

#define INT_BITS 0xffffffff

/*
 * The system calls that every child takes to read, write and wait, and for the time and memory, in
 * all variants that C libraries use. A number is negative where the machine does not have the call.
 */
static const int calls_of_all[] = {SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(readv),
	SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(recvfrom), SCMP_SYS(recv),
	SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(send), SCMP_SYS(sendmsg),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep),
	SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(munmap),
	SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(futex_time64),
	SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall), SCMP_SYS(uname), SCMP_SYS(sigaltstack), /* for the sanitizers */
	SCMP_SYS(exit), SCMP_SYS(exit_group)};

/*
 * Of fcntl(2) the commands for duplicates and flags only. By F_SETOWN, the kernel would send
 * signals to other processes for the child. One could hit the keeper, whose saved user is the
 * exporter's, and only Landlock's version 6 prevents that.
 */
static const struct sandbox_rule rules_of_all[] = {
	{SCMP_SYS(fcntl), 1, SANDBOX_AT_MOST, F_SETFL},
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_DUPFD_CLOEXEC},
	{SCMP_SYS(fcntl64), 1, SANDBOX_AT_MOST, F_SETFL},
	{SCMP_SYS(fcntl64), 1, SANDBOX_EQUALS, F_DUPFD_CLOEXEC},
};

static const struct sandbox of_all = {.calls = calls_of_all,
	.call_count = sizeof(calls_of_all) / sizeof(*calls_of_all),
	.allowed = rules_of_all,
	.allowed_count = sizeof(rules_of_all) / sizeof(*rules_of_all)};

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

/* Returns 0, also where there is no such directory: it then stays out of reach. */
static int allow_directory(int ruleset, const char *path, __u64 handled)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = FS_OWN & handled,
		.parent_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	int error;

	if (rule.parent_fd < 0)
		return 0;
	error = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
			? -errno
			: 0;
	close(rule.parent_fd);
	return error;
}

/* Handles all accesses of the kernel's ABI version: what no rule allows is denied. */
static int enter_landlock(const char *const *directories)
{
	int version =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules = {.fs = FS_ALL_OF_1};
	size_t size = sizeof(rules.fs);
	int fd, error = 0;

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
	for (; directories && *directories && !error; directories++)
		error = allow_directory(fd, *directories, rules.fs);
	if (!error && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		error = -errno;
	close(fd);
	return error;
}

static int add_rule(scmp_filter_ctx filter, uint32_t action, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp argument = {
		.arg = rule->argument, .op = SCMP_CMP_LE, .datum_a = (scmp_datum_t)rule->value};

	if (rule->call < 0)
		return 0;
	if (rule->compare == SANDBOX_EQUALS)
		argument = (struct scmp_arg_cmp){.arg = rule->argument,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = INT_BITS,
			.datum_b = (scmp_datum_t)rule->value};
	return seccomp_rule_add_array(filter, action, rule->call, 1, &argument);
}

static int add_rules(scmp_filter_ctx filter, uint32_t action, const struct sandbox_rule *rules,
	size_t rule_count)
{
	int error = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < rule_count && !error; i++)
		error = add_rule(filter, action, &rules[i]);
	return error;
}

static int allow(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	int error = add_rules(filter, SCMP_ACT_ALLOW, sandbox->allowed, sandbox->allowed_count);

	for (size_t i = 0; i < sandbox->call_count && !error; i++)
		if (sandbox->calls[i] >= 0)
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, sandbox->calls[i], 0);
	return error;
}

/* Puts a filter in force that was made without an error, and frees it. Returns whether it is. */
static bool load(scmp_filter_ctx filter, int error)
{
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error == 0;
}

/*
 * Whether both filters are in force: one filter cannot both allow a call and refuse it for some
 * arguments. Old kernels and new libraries fail in many ways.
 */
static bool enter_seccomp(const struct sandbox *sandbox)
{
	scmp_filter_ctx filter;
	int error;

	if (sandbox->refused_count) {
		filter = seccomp_init(SCMP_ACT_ALLOW);
		error = add_rules(filter, REFUSE, sandbox->refused, sandbox->refused_count);
		if (!load(filter, error))
			return false;
	}
	filter = seccomp_init(REFUSE);
	error = allow(filter, &of_all);
	if (!error)
		error = allow(filter, sandbox);
	return load(filter, error);
}

int sandbox_enter(const struct sandbox *sandbox, const char **missing)
{
	int error = capabilities_set(0, 0);

	*missing = NULL;
	if (!error)
		error = set_limits();
	if (!error && (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		error = -errno;
	if (error)
		return error;
	/* Going on without these is better than not going on. */
	if (enter_landlock(sandbox->directories) < 0)
		*missing = "Landlock";
	if (!enter_seccomp(sandbox))
		*missing = *missing ? "Landlock and no seccomp" : "seccomp";
	return 0;
}
