/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_CLI_UNLOAD_OPTIONS_H
#define MZ_CLI_UNLOAD_OPTIONS_H

#include <stdbool.h>

#include "config/command.h"

/* The options of mezoura unload. */
struct unload_config {
	const char *pin;
	bool syslog;
};

extern const struct options unload_options; /* they fill a struct unload_config */

#endif
