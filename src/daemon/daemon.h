/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_DAEMON_DAEMON_H
#define MZ_DAEMON_DAEMON_H

#include "config/config.h"

/*
 * Counts until SIGTERM or SIGINT. Errors that can be known in advance are found before anything is
 * attached. Returns the exit status: 0, or 1 after one line that says why.
 */
int daemon_run(const struct config *config);

#endif
