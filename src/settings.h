/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_SETTINGS_H
#define MZ_SETTINGS_H

#include "config.h"
#include "layout.h"

/*
 * What the classifier of one interface has to know. own: every address the router holds, as /32
 * or /128 prefixes. net: the interface's number (maps_net()). Returns 0, or -E2BIG where a list
 * has more entries than MZ_PREFIXES, MZ_SELVES or MZ_LOCALS allow.
 */
int settings_make(struct mz_settings *settings, const struct config *config, const char *ifname,
	unsigned net, const struct prefix *own, size_t owns);

#endif
