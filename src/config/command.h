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

/* One option. name "": it has a letter only. value NULL: it takes no value. */
struct option_row {
	char letter;		    /* 0: none */
	char name[15];		    /* the word behind "--" */
	const char *value, *help;   /* as -h shows them; value "a|b": all the words it may be */
	int (*set)(struct value *); /* stores the value: of option_values.h, or the command's own */
	unsigned field;		    /* where set() stores it: an offset in the configuration */
	unsigned most;		    /* of a number: the largest */
	unsigned least;		    /* and the smallest; 0: 1 */
};

/* What set() gets. It returns 0, or -EINVAL with "'text': expected ..." in error. */
struct value {
	const struct option_row *row;
	void *config;	  /* the command's configuration */
	void *field;	  /* row->field within it */
	const char *text; /* as given; NULL if row->value is */
	char *error;	  /* COMMAND_ERROR bytes */
};

/* The options of a command, besides -V and -h, which all commands have. */
struct options {
	const struct option_row *row;
	size_t count;
	size_t config_size;
	void (*set_defaults)(void *config); /* config: all zero */
	/* Returns what a complete command line would have, too, or NULL. May be NULL itself. */
	const char *(*find_missing)(const void *config);
	/* Stores a word that is no option, as set() of an option does; row and field are NULL.
	 * NULL: the command takes no words. */
	int (*take_word)(struct value *value);
	const char *note; /* a sentence that -h prints; may be NULL */
};

/* One row of the table of commands, which ends with a row of zeros. */
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
