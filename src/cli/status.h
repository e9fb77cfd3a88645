/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mezoura status: asks the daemon, and looks at the kernel where no daemon answers. */
#ifndef MZ_CLI_STATUS_H
#define MZ_CLI_STATUS_H

#include <stdbool.h>

#include "config/command.h"

#define STATUS_NO_DAEMON    3
#define STATUS_NOT_COUNTING 4 /* on a tracked interface: it is not there, or has no hook */

struct status_config {
	const char *socket, *pin;
	bool json;
};

extern const struct options status_options; /* they fill a struct status_config */

/*
 * Prints to standard output. config: a struct status_config. Returns the exit status: 0, one of
 * these, or 1 with one line in the log.
 */
int status_run(void *config, char **argv);

#endif
