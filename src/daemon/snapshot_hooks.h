/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a snapshot that says where counting takes place. */
#ifndef MZ_DAEMON_SNAPSHOT_HOOKS_H
#define MZ_DAEMON_SNAPSHOT_HOOKS_H

#include "hooks/installed.h"
#include "model/snapshot.h"

/* Fills in hooks and interfaces, and what makes counts incomplete. snapshot: as snapshot_fill()
 * left it. */
void snapshot_fill_hooks(struct snapshot *snapshot, const struct installed *installed);

#endif
