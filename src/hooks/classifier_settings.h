/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HOOKS_CLASSIFIER_SETTINGS_H
#define MZ_HOOKS_CLASSIFIER_SETTINGS_H

#include "config/config.h"
#include "hooks/tracking.h"
#include "net/addresses.h"
#include "settings.h"

/*
 * Makes the settings of the tracked interface called ifname, as for a device on its own; for its
 * places, topology_apply() completes them. net: the network number of maps_net(). own: all
 * own_count addresses of the router. Returns 0, or -E2BIG where a list has more entries than
 * MZ_PREFIXES, MZ_OWN or MZ_LOCALS allow.
 */
int classifier_settings_make(struct mz_settings *settings, const struct config *config,
	const struct tracking *tracking, const char *ifname, unsigned net,
	const struct address *own, size_t own_count);

#endif
