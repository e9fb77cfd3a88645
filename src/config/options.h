/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads command lines, and prints usage, from the table of commands. */
#ifndef MZ_CONFIG_OPTIONS_H
#define MZ_CONFIG_OPTIONS_H

#include "config/command.h"

/* Returns the command that has the name word, else the first. word: may be NULL. */
const struct command *options_find(const struct command *commands, const char *word);

enum { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

/*
 * Fills config, of command->options->config_size bytes. command: one of commands, from
 * options_find(). argv: its strings must outlive config. Returns one of OPTIONS_..., or -EINVAL
 * with one line in error: which option and value are wrong, and what is expected.
 */
int options_parse(const struct command *commands, const struct command *command, int argc,
	char **argv, void *config, char error[COMMAND_ERROR]);

/* Prints the text of -h of that command to standard output. */
void options_usage(const struct command *commands, const struct command *command);

#endif
