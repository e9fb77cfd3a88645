/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HOOKS_RECONCILE_H
#define MZ_HOOKS_RECONCILE_H

#include "hooks/installed.h"

/*
 * Makes the classifiers in the kernel what the configuration, the devices and the addresses of this
 * moment ask for: attaches, swaps and detaches what differs, and notes in installed what could not
 * be. Logs what failed, once. Returns 0, or the first -errno; the rest was done all the same.
 */
int reconcile_hooks(struct installed *installed);

#endif
