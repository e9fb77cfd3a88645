/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HOOKS_CLASSIFIER_H
#define MZ_HOOKS_CLASSIFIER_H

#include "settings.h"
#include "tables/maps.h"

/*
 * Loads a classifier that counts into maps. On success, programs holds two file descriptors, which
 * the caller closes: [MZ_UPLOAD] for the ingress hook, [MZ_DOWNLOAD] for the egress hook. Where the
 * kernel's verifier refuses it, this logs its reason, at most once per minute. Returns 0 or -errno.
 */
int classifier_load(
	const struct maps *maps, const struct mz_settings *settings, int programs[MZ_DIRECTIONS]);

#endif
