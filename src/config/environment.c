// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/environment.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* Whether the variable has the id of this process. absent: what to return without it. */
static bool names_this_process(const char *variable, bool absent)
{
	const char *pid = getenv(variable);

	return pid ? strtoull(pid, NULL, 10) == (unsigned long long)getpid() : absent;
}

/* The variable's number divided by unit; 0 where it has none. */
static unsigned number_of(const char *variable, unsigned long long unit)
{
	const char *text = getenv(variable);
	unsigned long long number = text ? strtoull(text, NULL, 10) / unit : 0;

	return number < UINT_MAX ? (unsigned)number : 0;
}

void environment_read(struct config *config)
{
	config->notify_socket = getenv("NOTIFY_SOCKET");
	if (names_this_process("WATCHDOG_PID", true))
		config->watchdog_ms = number_of("WATCHDOG_USEC", 1000);
	if (names_this_process("LISTEN_PID", false))
		config->passed = number_of("LISTEN_FDS", 1);
}
