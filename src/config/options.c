// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/option_values.h"

#define LONG 256 /* above any letter: what getopt_long() returns for long names */
#define ROWS 64	 /* no table has so many */

/* The options that every command has. The parser itself handles them: set is NULL. */
static const struct option_row common[] = {
	{'V', "version", NULL, "print the version", NULL, 0, 0, 0},
	{'h', "help", NULL, "print this", NULL, 0, 0, 0},
};
#define COMMON (sizeof(common) / sizeof(*common))

/* Row i of the command's options with the common ones behind them; NULL behind the last. */
static const struct option_row *row_at(const struct options *options, size_t i)
{
	if (i < options->count)
		return &options->row[i];
	return i < options->count + COMMON ? &common[i - options->count] : NULL;
}

const struct command *options_find(const struct command *commands, const char *word)
{
	for (const struct command *command = commands + 1; word && command->name; command++)
		if (strcmp(command->name, word) == 0)
			return command;
	return commands;
}

static void print_command(const struct command *command, bool is_first)
{
	char text[80];

	snprintf(text, sizeof(text), "%s%s%s", command->name, *command->name ? " " : "",
		command->usage);
	printf("%6s mezoura %-21s  %s\n", is_first ? "usage:" : "", text, command->help);
}

static void print_option(const struct option_row *row)
{
	char text[64], letter[4] = "";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c%s", row->letter, *row->name ? "," : "");
	snprintf(text, sizeof(text), "%s%s%s%s%s%s", letter, row->letter && *row->name ? " " : "",
		*row->name ? "--" : "", row->name, row->value ? " " : "",
		row->value ? row->value : "");
	printf("  %-28s %s\n", text, row->help);
}

void options_usage(const struct command *commands, const struct command *command)
{
	const struct options *options = command->options;
	const struct option_row *row;

	print_command(command, true);
	for (const struct command *other = commands + 1; command == commands && other->name;
		other++)
		print_command(other, false);
	printf("\n");
	if (options->note)
		printf("%s\n\n", options->note);
	for (size_t i = 0; (row = row_at(options, i)) != NULL; i++)
		print_option(row);
}

/* Makes the arguments of getopt_long(), which is to return LONG + row for a long name. */
static void make_getopt(
	const struct options *options, char letters[2 * ROWS + 2], struct option longs[ROWS + 1])
{
	const struct option_row *row;
	size_t count = 0;

	*letters++ = ':'; /* has getopt_long() return ':' for a missing value, and print nothing */
	for (size_t i = 0; i < ROWS && (row = row_at(options, i)) != NULL; i++) {
		if (row->letter) {
			*letters++ = row->letter;
			if (row->value)
				*letters++ = ':';
		}
		if (*row->name)
			longs[count++] = (struct option){row->name,
				row->value ? required_argument : no_argument, NULL, LONG + (int)i};
	}
	*letters = '\0';
	longs[count] = (struct option){0};
}

static const struct option_row *find_row(const struct options *options, int code)
{
	const struct option_row *row;

	if (code >= LONG)
		return row_at(options, (size_t)code - LONG);
	for (size_t i = 0; (row = row_at(options, i)) != NULL; i++)
		if (row->letter == code)
			return row;
	return NULL;
}

/*
 * word: the last one that getopt_long() has finished. An unknown letter may be in the middle of the
 * next one, as x in -ex: optopt has it.
 */
static int unknown_option(const char *word, char error[COMMAND_ERROR])
{
	const char letter[] = {'-', (char)optopt, '\0'};

	snprintf(error, COMMAND_ERROR, "unknown option %.80s (-h for help)",
		optopt > 0 && optopt < LONG ? letter : word);
	return -EINVAL;
}

/* Reports a word that is neither an option nor, as the first one, a command. */
static int unknown_word(const struct command *commands, const struct command *command,
	const char *word, char error[COMMAND_ERROR])
{
	char names[100] = "";
	size_t length = 0;

	if (command != commands) {
		snprintf(error, COMMAND_ERROR, "unknown argument '%.80s' (-h for help)", word);
		return -EINVAL;
	}
	for (command = commands + 1; command->name && length < sizeof(names); command++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
			command->name,
			!command[1].name  ? ""
			: command[2].name ? ", "
					  : " or ");
	snprintf(error, COMMAND_ERROR,
		"unknown command '%.80s': expected %s, before all options, or none (-h for help)",
		word, names);
	return -EINVAL;
}

/* Stores a value. Puts the option's name before the error of set(). */
static int apply(const struct option_row *row, void *config, char error[COMMAND_ERROR])
{
	char what[COMMAND_ERROR];
	struct value value = {row, config, (char *)config + row->field, optarg, what};
	int result = row->set(&value);

	if (result < 0)
		snprintf(error, COMMAND_ERROR, "%s%.*s %.200s", *row->name ? "--" : "-",
			*row->name ? 20 : 1, *row->name ? row->name : &row->letter, what);
	return result;
}

/* The words that are no options: getopt_long() has put them behind the options. */
static int take_words(const struct command *commands, const struct command *command,
	char *const *words, void *config, char error[COMMAND_ERROR])
{
	char what[COMMAND_ERROR];
	struct value value = {.config = config, .error = what};

	for (; *words; words++) {
		if (!command->options->take_word)
			return unknown_word(commands, command, *words, error);
		value.text = *words;
		if (command->options->take_word(&value) == 0)
			continue;
		snprintf(error, COMMAND_ERROR, "%s %.220s", command->name, what);
		return -EINVAL;
	}
	return 0;
}

static int check_whole(const struct options *options, const void *config, char error[COMMAND_ERROR])
{
	const char *missing = options->find_missing ? options->find_missing(config) : NULL;

	if (!missing)
		return OPTIONS_RUN;
	snprintf(error, COMMAND_ERROR, "expected %s (-h for help)", missing);
	return -EINVAL;
}

int options_parse(const struct command *commands, const struct command *command, int argc,
	char **argv, void *config, char error[COMMAND_ERROR])
{
	const struct options *options = command->options;
	char letters[2 * ROWS + 2];
	struct option longs[ROWS + 1];
	int code, result;

	if (command != commands) { /* getopt_long() skips the first word: here the command's name */
		argc--;
		argv++;
	} else if (argc > 1 && argv[1][0] != '-') {
		return unknown_word(commands, command, argv[1], error);
	}
	memset(config, 0, options->config_size);
	options->set_defaults(config);
	make_getopt(options, letters, longs);
	optind = 0; /* has getopt_long() drop its state of an earlier call, as 1 would not */
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = find_row(options, code);

		if (code == ':') {
			snprintf(error, COMMAND_ERROR, "%.80s: expected a value", argv[optind - 1]);
			return -EINVAL;
		}
		if (!row)
			return unknown_option(argv[optind - 1], error);
		if (!row->set)
			return row->letter == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
		result = apply(row, config, error);
		if (result < 0)
			return result;
	}
	result = take_words(commands, command, argv + optind, config, error);
	return result < 0 ? result : check_whole(options, config, error);
}
