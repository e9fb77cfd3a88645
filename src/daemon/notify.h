/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a service manager wants to hear: the protocol of sd_notify(3), as it is documented there.
 * Where config->notify_socket is NULL nobody does. A manager that does not listen never delays us.
 */
#ifndef MZ_DAEMON_NOTIFY_H
#define MZ_DAEMON_NOTIFY_H

#include <stdint.h>

#include "config/config.h"

_Static_assert(MZ_NETS <= 32, "a bit for each");

/* All return 0, also where nobody wants to know, or -errno. */
/* counted: a bit for each interface that is, as STATUS. */
int notify_counting(const struct config *config, uint32_t counted, bool is_ready);
int notify_watchdog(const struct config *config);
int notify_stopping(const struct config *config);

#endif
