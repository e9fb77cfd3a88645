// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"

#define PREFIX "mezoura: "

static bool to_syslog; /* the one state of a log: where it goes */

void log_to_syslog(void)
{
	openlog("mezoura", LOG_PID | LOG_NDELAY, LOG_DAEMON); /* the exporter could not later */
	to_syslog = true;
}

__attribute__((format(printf, 2, 0))) static void put(
	int priority, const char *format, va_list args)
{
	char line[1024] = PREFIX, *text = line + strlen(PREFIX);
	size_t room = sizeof(line) - strlen(PREFIX) - 1; /* of which the last is for a newline */
	int length = vsnprintf(text, room, format, args);

	const char *said = text;

	if (length < 0)
		return;
	length = (int)printable(&said, text, room);
	if (to_syslog) {
		syslog(priority, "%s", text);
		return;
	}
	/* one write: lines stay whole. Not by stdio, which wants to know more of the file than the
	 * exporter may ask. */
	text[length++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)(text - line) + (size_t)length) < 0)
		return; /* nobody is left to tell */
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(LOG_ERR, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(LOG_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(LOG_INFO, format, args);
	va_end(args);
}

bool log_due(struct log_limit *limit)
{
	uint64_t now = now_ms() + 1;

	if (now < limit->next_ms)
		return false;
	limit->next_ms = now + 60000;
	return true;
}
