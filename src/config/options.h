/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a command line by the table of commands, and prints usage and errors made from it. */
#ifndef MZ_CONFIG_OPTIONS_H
#define MZ_CONFIG_OPTIONS_H

#include "config/command.h"

/* The command called word, else the first. word: may be NULL. */
const struct command *options_find(const struct command *commands, const char *word);

enum { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

/*
 * Fills config, of command->options->config_size bytes. command: one of commands, as options_find()
 * found it. argv: its strings must outlive config. Returns one of OPTIONS_..., or -EINVAL with
 * error saying in one line which option and value are wrong and what was expected.
 */
int options_parse(const struct command *commands, const struct command *command, int argc,
	char **argv, void *config, char error[COMMAND_ERROR]);

/* Prints what -h of that command prints. */
void options_usage(const struct command *commands, const struct command *command);

#endif
