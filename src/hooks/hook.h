/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hook: a classifier attached to one direction of a device. Either a TCX link pinned in bpffs
 * (kernel 6.6 and later), or a clsact filter with a handle of this daemon's. Both outlive the
 * process. Either way the classifier runs before other programs, so that none hides a packet from
 * it, and it passes all packets on to them.
 */
#ifndef MZ_HOOKS_HOOK_H
#define MZ_HOOKS_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "counts.h"
#include "model/snapshot.h"

struct hook {
	unsigned ifindex;
	unsigned net;		     /* network number of the tracked interface */
	enum mz_direction direction; /* MZ_UPLOAD: ingress, MZ_DOWNLOAD: egress */
};

/*
 * Attaches program, a file descriptor that stays the caller's. Where a classifier is attached
 * already, by an earlier call or process, replaces it in one step: each packet counts once. dir:
 * the directory of the pinned links, by which filters of daemons are distinguished, too. wanted:
 * from
 * --hook. kind: set to the kind that was used. Returns 0; -EADDRINUSE for a download, where another
 * program's ingress qdisc has no egress hook; or another -errno.
 */
int hook_attach(const char *dir, const struct hook *hook, int program, enum config_hook wanted,
	enum snapshot_hook_kind *kind);

/*
 * Whether hook_attach() would replace a hook of the other kind, so that both see packets for a
 * moment. other: set to the kind that goes.
 */
bool hook_change_kind(
	const char *dir, const struct hook *hook, enum config_hook wanted, enum config_hook *other);

/*
 * Whether a hook of that kind is still attached. It is not after another program removed it, or
 * after the device was made anew with the same index. Where the kernel fails to list clsact
 * filters, the answer is yes.
 */
bool hook_attached(const char *dir, const struct hook *hook, enum snapshot_hook_kind kind);

/*
 * Detaches all hooks of earlier calls or processes with this dir, except those in keep. A clsact
 * qdisc stays even where it is empty now, as the kernel drops packets while it removes one.
 */
void hook_detach_others(const char *dir, const struct hook *keep, size_t keep_count);

/* A hash of dir, which distinguishes daemons with different --pin; 0 for the default one. */
uint32_t hook_daemon_id(const char *dir);

/* Detaches all hooks, and removes the qdiscs that were made for them and have no other filters. */
void hook_remove_all(const char *dir);

#endif
