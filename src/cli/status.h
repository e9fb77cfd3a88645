/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mezoura status: asks the daemon, and looks at the kernel where there is none. */
#ifndef MZ_CLI_STATUS_H
#define MZ_CLI_STATUS_H

#include "config/config.h"

#define STATUS_NO_DAEMON    3
#define STATUS_NOT_COUNTING 4 /* on a tracked interface: it is not there, or has no hook */

/* Prints to standard output. Returns the exit status: 0, one of these, or 1 with one line. */
int status_run(const struct config *config);

#endif
