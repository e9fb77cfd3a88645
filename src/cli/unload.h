/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mezoura unload: removes what earlier daemons left in the kernel. */
#ifndef MZ_CLI_UNLOAD_H
#define MZ_CLI_UNLOAD_H

#include <stdbool.h>

#include "config/command.h"

struct unload_config {
	const char *pin;
	bool syslog;
};

extern const struct options unload_options; /* they fill a struct unload_config */

/*
 * of: a struct unload_config. Returns the exit status: 0, also where there was nothing to remove,
 * or 1 after a line in the log.
 */
int unload_run(void *of, char **argv);

#endif
