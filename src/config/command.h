/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command line can ask for: a table of commands, each with a table of its options and a
 * configuration that they fill. The first command has no name: it runs where no other is named.
 *
 * A new command is one row in main.c and one file in cli/: its configuration, its struct options,
 * and the function that runs it.
 */
#ifndef MZ_CONFIG_COMMAND_H
#define MZ_CONFIG_COMMAND_H

#include <stddef.h>

#define COMMAND_ERROR 256 /* room for a line on what is wrong with a command line */

struct value;

/* One option. With name "" it has a letter only, with value NULL it takes none. */
struct option_row {
	char letter;		    /* 0: none */
	char name[15];		    /* behind -- */
	const char *value, *help;   /* as -h shows them; value "a|b" lists all that there are */
	int (*set)(struct value *); /* one of option_values.h, or of the command's own */
	unsigned field;		    /* that set() fills: its offset in the configuration */
	unsigned most;		    /* the largest number */
};

/* A value at hand, for set(), which returns 0, or -EINVAL with error saying "'text': expected ...".
 */
struct value {
	const struct option_row *row;
	void *config;	  /* of the command */
	void *field;	  /* row->field of it */
	const char *text; /* as it was given; NULL where row->value is */
	char *error;	  /* COMMAND_ERROR bytes */
};

/* The options of a command. It has -V and -h, too, as all have. */
struct options {
	const struct option_row *row;
	size_t count;
	size_t config_size;
	void (*set_defaults)(void *config); /* config: all zero */
	/* Returns NULL, or what is missing. NULL itself: nothing can be missing. */
	const char *(*find_missing)(const void *config);
	const char *note; /* a sentence for -h, or NULL */
};

/* One row of the table of commands. The table ends with a row of zeros. */
struct command {
	const char *name;
	const char *usage; /* a sketch of its options */
	const char *help;
	const struct options *options;
	/* config: filled and checked; argv: the whole command line. Returns the exit status; for 1
	 * it has logged one line. */
	int (*run)(void *config, char **argv);
};

#endif
