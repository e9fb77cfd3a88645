/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_LOG_H
#define MZ_LOG_H

#include <stdbool.h>

/* Sends what follows to syslog instead of stderr. */
void log_to_syslog(void);

/*
 * One line each, "mezoura: " before it on stderr, no newline in the format. Control bytes in what
 * is printed are shown as '?', so that no name a client chose forges a line.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
