/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warns while a flowtable hands flows to the hardware, where nothing can count them. */
#ifndef MZ_DAEMON_OFFLOAD_WATCH_H
#define MZ_DAEMON_OFFLOAD_WATCH_H

#include "base/loop.h"
#include "hooks/installed.h"
#include "net/flowtables.h"

struct offload_watch {
	struct loop *loop;
	struct loop_source source;
	struct flowtables *flowtables; /* NULL: the kernel has none */
	struct installed *installed;
};

/*
 * Looks now, and whenever rules change: logs a change, and notes in installed that counts are
 * incomplete. watch: zeroed. All that is pointed to: kept by the caller. Returns 0 or -errno.
 */
int offload_watch_start(
	struct offload_watch *watch, struct loop *loop, struct installed *installed);

/* watch: zeroed is fine. */
void offload_watch_stop(struct offload_watch *watch);

#endif
