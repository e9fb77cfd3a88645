/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol by which a service manager is notified, as sd_notify(3) documents it. Nothing is
 * sent where config->notify_socket is NULL. A manager that does not listen never delays the daemon.
 */
#ifndef MZ_DAEMON_NOTIFY_H
#define MZ_DAEMON_NOTIFY_H

#include <stdint.h>

#include "config/config.h"

_Static_assert(MZ_NETS <= 32, "one bit per interface");

/*
 * STATUS: on which interfaces the daemon counts, and on which it does not. counted: one bit per
 * interface. is_ready: the start is complete. All functions return 0, also where nothing is sent,
 * or -errno.
 */
int notify_counting(const struct config *config, uint32_t counted, bool is_ready);
int notify_watchdog(const struct config *config);
int notify_stopping(const struct config *config);

#endif
