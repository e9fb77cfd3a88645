/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directories of the history: --state, and the one beside --socket for what is recent. */
#ifndef MZ_DAEMON_STATE_DIRECTORY_H
#define MZ_DAEMON_STATE_DIRECTORY_H

#include "config/config.h"
#include "daemon/privileges.h"

/*
 * To be called before privileges_drop(). Makes both directories, but none above them, for the
 * keeper's user. Gives it, with its database, one of root's that is empty but for that, or that is
 * the default. Leaves alone what another user made, or has put a link to. Where that fails, or the
 * file system does not answer within two seconds, logs a line: counting goes on without a history.
 * Does nothing where none is kept.
 */
void state_directory_make(const struct config *config, const struct privileges *users);

#endif
