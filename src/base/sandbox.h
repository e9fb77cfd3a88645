/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sandboxes of the child processes share: no capability, no way to get one, no new
 * process, no core dump; Landlock for files and seccomp for system calls.
 */
#ifndef MZ_BASE_SANDBOX_H
#define MZ_BASE_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

/* What one argument of a system call is to be. */
enum sandbox_compare {
	SANDBOX_EQUALS, /* as an int: the kernel ignores the upper half of such an argument */
	SANDBOX_AT_MOST
};

/*
 * A system call with a certain argument. call: SCMP_SYS() of seccomp.h, which is negative where the
 * machine does not have the call: such a rule does nothing.
 */
struct sandbox_rule {
	int call;
	unsigned argument; /* 0: the first one */
	enum sandbox_compare compare;
	uint64_t value;
};

/* What a child is allowed on top of the calls that every child takes. */
struct sandbox {
	const char *const *directories; /* may be read and changed; those that exist. NULL: end */
	const int *calls;		/* whatever their arguments are */
	size_t call_count;
	const struct sandbox_rule *allowed; /* with certain ones */
	size_t allowed_count;
	const struct sandbox_rule *refused; /* even where calls has them */
	size_t refused_count;
};

/*
 * Afterwards this process can use the descriptors that it has, and what sandbox allows. It has no
 * capability and cannot get one. It can start no process, dumps no core, and cannot be traced. So
 * load what is loaded on first use before.
 *
 * Returns 0 or -errno: the process must then not go on. Where the kernel lacks Landlock or seccomp,
 * goes on without, and *missing names it, a constant string; else NULL.
 */
int sandbox_enter(const struct sandbox *sandbox, const char **missing);

#endif
