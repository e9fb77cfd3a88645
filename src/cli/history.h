/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mezoura history: care of the database in --state. */
#ifndef MZ_CLI_HISTORY_H
#define MZ_CLI_HISTORY_H

/* config: a struct history_config. Returns the exit status: 0, or 1 with one line in the log. */
int history_run(void *config, char **argv);

#endif
