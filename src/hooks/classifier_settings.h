/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HOOKS_CLASSIFIER_SETTINGS_H
#define MZ_HOOKS_CLASSIFIER_SETTINGS_H

#include "config/config.h"
#include "hooks/tracking.h"
#include "net/addresses.h"
#include "settings.h"

/*
 * What the classifier of one interface has to know. own: every address the router holds. net: the
 * interface's number (maps_net()). Returns 0, or -E2BIG where a list has more entries than
 * MZ_PREFIXES, MZ_OWN or MZ_LOCALS allow.
 */
int classifier_settings_make(struct mz_settings *settings, const struct config *config,
	const struct tracking *tracking, const char *ifname, unsigned net,
	const struct address *own, size_t own_count);

#endif
