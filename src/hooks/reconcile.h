/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HOOKS_RECONCILE_H
#define MZ_HOOKS_RECONCILE_H

#include "hooks/installed.h"

/*
 * Brings the classifiers in the kernel in line with the configuration and the present devices,
 * addresses and routes: attaches, replaces and detaches what differs. Notes in installed what is
 * there now, and logs once what failed. Returns 0 or the first -errno; the rest is done all the
 * same.
 */
int reconcile_hooks(struct installed *installed);

#endif
