/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_CONFIG_ENVIRONMENT_H
#define MZ_CONFIG_ENVIRONMENT_H

#include "config/config.h"

/* Reads what a service manager sets in the environment: see sd_notify(3), sd_listen_fds(3). */
void environment_read(struct config *config);

#endif
