/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mezoura get PATH: what HTTP answers on a path, over the Unix socket, for scripts. */
#ifndef MZ_CLI_GET_H
#define MZ_CLI_GET_H

#include "config/command.h"

#define GET_PATIENCE_MS 30000 /* years of history may take a small router some seconds */

struct get_config {
	const char *socket, *path;
};

extern const struct options get_options; /* they fill a struct get_config */

/*
 * config: a struct get_config. Prints the body of a 200 to standard output and returns 0. That of
 * another status goes to standard error; then, or where no daemon answers, it returns 1.
 */
int get_run(void *config, char **argv);

#endif
