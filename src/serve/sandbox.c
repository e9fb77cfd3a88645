// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "serve/listen.h"

static const int allowed[] = {SCMP_SYS(accept4), SCMP_SYS(accept), SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(dup)};

/* Of listen(2) the usual queue only: listen_is_alive() needs it. */
static const struct sandbox_rule some[] = {
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
