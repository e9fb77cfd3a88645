/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_CLI_HISTORY_FAILURE_H
#define MZ_CLI_HISTORY_FAILURE_H

/* Logs a line on why a function of history/care.h failed. state: the directory; error: -errno. */
void history_log_failure(const char *state, int error);

#endif
