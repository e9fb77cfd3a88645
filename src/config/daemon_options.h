/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of the daemon and of its exporter, which fill a struct config. */
#ifndef MZ_CONFIG_DAEMON_OPTIONS_H
#define MZ_CONFIG_DAEMON_OPTIONS_H

#include "config/command.h"
#include "config/config.h"

extern const struct options daemon_options;

#endif
