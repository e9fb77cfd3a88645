/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HOOKS_CLASSIFIER_H
#define MZ_HOOKS_CLASSIFIER_H

#include "settings.h"
#include "tables/maps.h"

/*
 * Loads the classifier for one interface, which will count into maps. On success programs holds
 * two file descriptors, [MZ_UPLOAD] for its ingress and [MZ_DOWNLOAD] for its egress hook.
 * Returns 0 or -errno.
 */
int classifier_load(
	const struct maps *maps, const struct mz_settings *settings, int programs[MZ_DIRECTIONS]);

#endif
