/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of mezoura history. */
#ifndef MZ_CLI_HISTORY_OPTIONS_H
#define MZ_CLI_HISTORY_OPTIONS_H

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

#endif
