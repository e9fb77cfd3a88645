/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_LOG_H
#define MZ_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Sends what follows to syslog instead of stderr. */
void log_to_syslog(void);

extern bool log_verbose; /* log_debug() prints; false at the start */

/*
 * One line each, with "mezoura: " before it on stderr, and no newline in the format. The line is
 * made printable(), so that no name that a client chose forges another line.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, to find faults. Without log_verbose it does not even evaluate its arguments. */
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_verbose)                                                                   \
			log_debug_line(__VA_ARGS__);                                               \
	} while (0)

/* Limits a message that may repeat to one per minute. All zero at first. */
struct log_limit {
	uint64_t next_ms; /* monotonic */
};

/* Whether a minute has passed since it last returned true. */
bool log_due(struct log_limit *limit);

#endif
