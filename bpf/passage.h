/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Once on every path: a packet of a bridge or a VLAN meets several hooks, how many depends on its
 * path. The first counts it. The next ones know it by a mark in tc_index, or, as a foreign filter
 * may have rewritten that, by its print in the CPU's last passage, on which the kernel carries a
 * packet from hook to hook.
 */
#ifndef MZ_PASSAGE_H
#define MZ_PASSAGE_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "layout.h"
#include "whose.h"

/*
 * How long a packet may take from hook to hook: all that happens in between is this CPU's, but a
 * virtual one may be put aside for a while. A quarter of a second at 1000 Hz.
 */
#define JIFFIES 256

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct mz_passage);
	__uint(max_entries, MZ_DIRECTIONS);
} mz_passages SEC(".maps");

static __always_inline __u64 device_bit(const struct __sk_buff *skb)
{
	return 1ull << (skb->ifindex & 63);
}

/* Whether a hook before this one counted the packet and marked it. */
static __always_inline bool is_marked(struct __sk_buff *skb, enum mz_direction hook)
{
	struct mz_passage *passage;
	__u32 at;

	if (!mz_settings.mark || skb->tc_index != mz_settings.mark + hook)
		return false;
	at = hook;
	if (hook == MZ_UPLOAD && mz_settings.place == MZ_UPPER && !mz_settings.doubled)
		skb->tc_index = 0; /* no more hook of ours behind this one */
	passage = bpf_map_lookup_elem(&mz_passages, &at);
	if (passage) /* its passage is used up, and not left to a later packet like it */
		passage->devices |= device_bit(skb);
	return true;
}

/* Lets later hooks know that a hook of that depth counted the packet. */
static __always_inline void note(struct __sk_buff *skb, enum mz_direction hook,
	struct mz_passage *passage, __u64 print, __u64 now, __u32 depth)
{
	if (passage) {
		passage->print = print;
		passage->jiffies = now;
		passage->devices = 0;
		passage->depth = depth;
		passage->ifindex = skb->ifindex;
	}
	if (mz_settings.mark && skb->tc_index == 0)
		skb->tc_index = mz_settings.mark + hook;
}

/*
 * Whether a hook before this one counted the packet, by its print; if none did it is marked, as it
 * will be counted now. A packet passes a device but once: the next like it is another.
 */
static __always_inline bool is_counted(struct __sk_buff *skb, enum mz_direction hook, __u64 print)
{
	__u64 now = bpf_jiffies64(), bit = device_bit(skb);
	__u32 depth = mz_settings.depth, at = hook;
	struct mz_passage *passage = bpf_map_lookup_elem(&mz_passages, &at);

	if (passage && passage->print == print && now - passage->jiffies <= JIFFIES &&
		!(passage->devices & bit) &&
		(hook == MZ_UPLOAD
				? passage->depth > depth
				: passage->depth < depth ||
					  /* where a bridge has no hook, its ports' copies of one */
					  (passage->depth == depth &&
						  passage->ifindex != skb->ifindex))) {
		passage->devices |= bit;
		return true;
	}
	note(skb, hook, passage, print, now, depth);
	return false;
}

/* Has the ports that a frame comes to later take it for a download that was counted before. */
static __always_inline void disown(struct __sk_buff *skb, __u64 print)
{
	__u32 at = MZ_DOWNLOAD;

	note(skb, MZ_DOWNLOAD, bpf_map_lookup_elem(&mz_passages, &at), print, bpf_jiffies64(), 0);
}

#endif
