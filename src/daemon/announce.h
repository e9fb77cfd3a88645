/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon logs of itself when it has started, and when it ends. */
#ifndef MZ_DAEMON_ANNOUNCE_H
#define MZ_DAEMON_ANNOUNCE_H

#include "config/config.h"
#include "hooks/installed.h"

/* On which interfaces it counts, and where it serves. */
void announce_start(const struct config *config, const struct installed *installed);

/* That the kernel goes on counting, where it does. */
void announce_end(const struct config *config, const struct installed *installed);

#endif
