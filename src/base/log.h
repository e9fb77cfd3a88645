/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_LOG_H
#define MZ_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Sends what follows to syslog instead of stderr. */
void log_to_syslog(void);

/*
 * One line each, "mezoura: " before it on stderr, no newline in the format. What is
 * printed is made printable(), so that no name a client chose forges a line.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a message that may come again and again: one a minute. All zero is a new one. */
struct log_limit {
	uint64_t next_ms; /* monotonic */
};

bool log_due(struct log_limit *limit);

#endif
