/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HOOKS_RESERVED_H
#define MZ_HOOKS_RESERVED_H

#include "base/prefix.h"

/*
 * Whether a prefix lies completely in a range that is never on the internet (scope.h). range: set
 * to that range; may be NULL.
 */
bool reserved_range(const struct prefix *prefix, struct prefix *range);

#endif
