/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HOOKS_RESERVED_H
#define MZ_HOOKS_RESERVED_H

#include "base/prefix.h"

/*
 * Whether all of a prefix lies in a range that scope.h keeps from the internet in any case. range:
 * set to it; may be NULL.
 */
bool reserved_range(const struct prefix *prefix, struct prefix *range);

#endif
