/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_LOG_H
#define MZ_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Sends what follows to syslog instead of stderr. */
void log_to_syslog(void);

extern bool log_verbose; /* set once, at the start: log_debug() prints */

/*
 * One line each, with "mezoura: " before it on stderr, and no newline in the format. The line is
 * made printable(), so that no name that a client chose forges another line.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, for who looks for a fault. Where it prints nothing, it evaluates no argument either. */
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_verbose)                                                                   \
			log_debug_line(__VA_ARGS__);                                               \
	} while (0)

/* For a message that may come again and again: once a minute. All zero is a new one. */
struct log_limit {
	uint64_t next_ms; /* monotonic */
};

/* Whether the message may be logged now; then it may not for a minute. */
bool log_due(struct log_limit *limit);

#endif
