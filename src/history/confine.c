// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/confine.h"

#include <fcntl.h>
#include <seccomp.h>

#include "base/sandbox.h"

/*
 * What SQLite does with its files, and clocks. adjtimex(2) only reads, as setting takes a
 * capability, and so does fchown(2) to another user: root's SQLite calls it for its journal.
 */
static const int allowed[] = {SCMP_SYS(pwrite64), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(lseek),
	SCMP_SYS(_llseek), SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat), SCMP_SYS(lstat64),
	SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64),
	SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(statfs64), SCMP_SYS(fstatfs),
	SCMP_SYS(fstatfs64), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(getdents64),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(fallocate),
	SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(fchown32), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(flock), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime),
	SCMP_SYS(clock_adjtime64), SCMP_SYS(getuid), SCMP_SYS(getuid32), SCMP_SYS(geteuid),
	SCMP_SYS(geteuid32)};

/* Locks. */
static const struct sandbox_rule some[] = {
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_GETLK},
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_SETLK},
	{SCMP_SYS(fcntl), 1, SANDBOX_EQUALS, F_SETLKW},
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
