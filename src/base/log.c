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

bool log_verbose;
static bool to_syslog;

void log_to_syslog(void)
{
	/* at once: the exporter may open no socket later */
	openlog("mezoura", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	to_syslog = true;
}

__attribute__((format(printf, 2, 0))) static void put(
	int priority, const char *format, va_list args)
{
	char line[1024] = PREFIX, *text = line + strlen(PREFIX);
	size_t room = sizeof(line) - strlen(PREFIX) - 1; /* and one byte for the newline */
	int length = vsnprintf(text, room, format, args);

	const char *said = text;

	if (length < 0)
		return;
	length = (int)printable(&said, text, room);
	if (to_syslog) {
		syslog(priority, "%s", text);
		return;
	}
	/* One write keeps a line whole. stdio would call fstat(2), which the exporter may not. */
	text[length++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)(text - line) + (size_t)length) < 0)
		return; /* no other place to report that */
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

void log_debug_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(LOG_DEBUG, format, args);
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
