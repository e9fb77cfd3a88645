// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/confine.h"

#include <fcntl.h>
#include <seccomp.h>

#include "base/sandbox.h"

/*
 * The system calls that recording takes, in all variants that C libraries use: SQLite's files,
 * clocks, and the two sockets to the daemon and the exporter. A number is negative where the
 * machine does not have the call. adjtimex(2) only reads, as setting takes a capability, and so
 * does fchown(2) to another user: root's SQLite calls it for its journal.
 */
static const int allowed[] = {SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(readv), SCMP_SYS(write),
	SCMP_SYS(pwrite64), SCMP_SYS(writev), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(close),
	SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat),
	SCMP_SYS(lstat64), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(statfs64),
	SCMP_SYS(fstatfs), SCMP_SYS(fstatfs64), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
	SCMP_SYS(getdents64), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64),
	SCMP_SYS(fallocate), SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(fchown32),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(flock), SCMP_SYS(recvfrom), SCMP_SYS(recv),
	SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(send), SCMP_SYS(sendmsg),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime), SCMP_SYS(clock_adjtime64), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep), SCMP_SYS(mmap), SCMP_SYS(mmap2),
	SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(getrandom), SCMP_SYS(getrusage),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(getuid32), SCMP_SYS(geteuid),
	SCMP_SYS(geteuid32), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall), SCMP_SYS(uname), SCMP_SYS(sigaltstack), /* for the sanitizers */
	SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* By F_SETOWN, the kernel would send signals to other processes: flags and locks only. */
static const struct sandbox_rule some[] = {
	{SCMP_SYS(fcntl), 1, SANDBOX_AT_MOST, F_SETFL},
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_DUPFD_CLOEXEC},
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_GETLK},
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_SETLK},
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_SETLKW},
	{SCMP_SYS(fcntl64), 1, SANDBOX_AT_MOST, F_SETFL},
	{SCMP_SYS(fcntl64), 1, SANDBOX_EQUALS, F_DUPFD_CLOEXEC},
	{SCMP_SYS(fcntl64), 1, SANDBOX_EQUALS, F_GETLK},
	{SCMP_SYS(fcntl64), 1, SANDBOX_EQUALS, F_SETLK},
	{SCMP_SYS(fcntl64), 1, SANDBOX_EQUALS, F_SETLKW},
};

int confine_recorder(const char *state, const char *recent, const char **missing)
{
	const char *directories[3] = {0};
	const struct sandbox sandbox = {.directories = directories,
		.calls = allowed,
		.call_count = sizeof(allowed) / sizeof(*allowed),
		.allowed = some,
		.allowed_count = sizeof(some) / sizeof(*some)};
	size_t count = 0;

	if (state)
		directories[count++] = state;
	if (recent)
		directories[count++] = recent;
	return sandbox_enter(&sandbox, missing);
}
