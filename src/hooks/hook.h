/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where classifiers are attached: a TCX link pinned in bpffs (kernel 6.6 and later), or a clsact
 * filter of a handle of our own. Both outlive the process. In each case ours runs before other
 * programs, so that none hides a packet from it, and it hides none from them.
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
	unsigned net;		     /* number of the tracked interface that it counts for */
	enum mz_direction direction; /* of what passes: MZ_UPLOAD at ingress */
};

/*
 * Attaches program (a file descriptor), or swaps it in place for the one that hangs there from an
 * earlier call or process: no packet goes uncounted or twice. dir: where links are pinned; filters
 * are told from those of a daemon with another one. kind: set to what was used. Returns 0;
 * -EADDRINUSE for a download where an ingress qdisc of somebody else's leaves it no place; or
 * another -errno.
 */
int hook_attach(const char *dir, const struct hook *hook, int program, enum config_hook wanted,
	enum snapshot_hook_kind *kind);

/*
 * Whether hook_attach() would put another kind of hook there in place of the one that hangs there:
 * both see packets for a moment. other: set to the kind that goes.
 */
bool hook_change_kind(
	const char *dir, const struct hook *hook, enum config_hook wanted, enum config_hook *other);

/*
 * Whether a classifier of ours hangs there, as what kind says. It no longer does where the device
 * was made anew with the same index, or where somebody took it away. Where the kernel does not tell
 * of clsact filters, it is taken to hang there.
 */
bool hook_attached(const char *dir, const struct hook *hook, enum snapshot_hook_kind kind);

/*
 * Detaches what earlier calls or processes attached, but for the hooks in keep. A clsact qdisc
 * stays even where it is empty now: the kernel drops packets while it takes one away.
 */
void hook_detach_others(const char *dir, const struct hook *keep, size_t keep_count);

/*
 * A number by which daemons with different --pin are told apart, in all its bits: a mix of dir's
 * name, and 0 for the default one.
 */
uint32_t hook_mix(const char *dir);

/* Detaches all, and removes the qdiscs that we made and nobody else uses by now. */
void hook_remove_all(const char *dir);

#endif
