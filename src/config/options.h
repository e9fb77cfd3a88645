/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_CONFIG_OPTIONS_H
#define MZ_CONFIG_OPTIONS_H

#include "config/config.h"

enum options_command {
	OPTIONS_DAEMON,
	OPTIONS_STATUS,
	OPTIONS_UNLOAD,
	OPTIONS_HELP,
	OPTIONS_VERSION
};

/*
 * Reads the command line. argv: its strings must outlive config. Returns 0, or -EINVAL with error
 * saying in one line which option and value are wrong and what was expected.
 */
int options_parse(int argc, char **argv, struct config *config, enum options_command *command,
	char error[CONFIG_ERROR]);

/* The text of -h, with the options of the command called word, else those of the daemon. */
void options_usage(const char *word);

#endif
