/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a service manager wants to hear: the protocol of sd_notify(3), as it is documented there.
 * Where config->notify_socket is NULL nobody does. A manager that does not listen never delays us.
 */
#ifndef MZ_NOTIFY_H
#define MZ_NOTIFY_H

#include "config.h"

/* All return 0, also where nobody wants to know, or -errno. */
int notify_ready(const struct config *config); /* with the interfaces as STATUS */
int notify_watchdog(const struct config *config);
int notify_stopping(const struct config *config);

#endif
