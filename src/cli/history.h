/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mezoura history: care of the database in --state. */
#ifndef MZ_CLI_HISTORY_H
#define MZ_CLI_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/command.h"

enum history_action {
	HISTORY_NOTHING,
	HISTORY_CHECK,
	HISTORY_BACKUP,
	HISTORY_FORGET,
	HISTORY_IMPORT,
	HISTORY_ACTIONS
};

struct history_config {
	const char *state, *socket;
	enum history_action action;
	const char *operand;	  /* FILE or HOST */
	int64_t first, last;	  /* of an import: days since 1970 */
	bool has_first, has_last; /* they are given */
	const char *interface;
	bool add;
};

extern const struct options history_options; /* they fill a struct history_config */

/* config: a struct history_config. Returns the exit status: 0, or 1 with one line in the log. */
int history_run(void *config, char **argv);

#endif
