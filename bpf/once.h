/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Once on every path: a packet of a bridge or a VLAN meets several hooks, how many depends on its
 * path. The first counts it. The next ones know it by a mark in tc_index, or, as a foreign filter
 * may have rewritten that, by its print in the CPU's last passage, on which the kernel carries a
 * packet from hook to hook.
 */
#ifndef MZ_ONCE_H
#define MZ_ONCE_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "match.h"
#include "settings.h"
#include "tables.h"

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

/*
 * Which devices saw which passage, of each CPU: its number and the device's. A hash table without
 * links, in which entries of other passages are free. Of each classifier its own.
 */
#define SEEN  64 /* as many as a tracked interface may have devices below it */
#define LOOKS 4	 /* for a free entry: of a few devices, hardly two want the same */

struct seen {
	__u64 entry[SEEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct seen);
	__uint(max_entries, MZ_DIRECTIONS);
} mz_seen SEC(".maps");

/* Notes that the packet's device sees that passage. False: it had seen it before. */
static __noinline bool use_up(struct __sk_buff *skb, enum mz_direction hook, __u64 number)
{
	__u64 mine = number << 32 | skb->ifindex;
	__u32 first = skb->ifindex * 0x9e3779b1u >> 16;
	__u32 at = hook;
	struct seen *seen = bpf_map_lookup_elem(&mz_seen, &at);

	for (__u32 i = 0; seen && i < LOOKS; i++) {
		__u64 *entry = &seen->entry[(first + i) % SEEN];

		if (*entry == mine)
			return false;
		if (*entry >> 32 != mine >> 32) {
			*entry = mine;
			break;
		}
	}
	return true;
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
	if (passage) /* not left to a later packet like it */
		use_up(skb, hook, passage->number);
	return true;
}

/* Lets later hooks know that a hook of that depth counted the packet. */
static __always_inline void note(struct __sk_buff *skb, enum mz_direction hook,
	struct mz_passage *passage, __u64 print, __u64 now, __u32 depth)
{
	if (passage) {
		passage->print = print;
		passage->jiffies = now;
		passage->number++;
		passage->depth = depth;
		passage->ifindex = skb->ifindex;
	}
	if (mz_settings.mark && skb->tc_index == 0)
		skb->tc_index = mz_settings.mark + hook;
}

/* Whether the hook that counted a passage may be before this one. */
static __always_inline bool is_behind(
	const struct mz_passage *passage, const struct __sk_buff *skb, enum mz_direction hook)
{
	if (hook == MZ_UPLOAD)
		return passage->depth > mz_settings.depth;
	/* where a bridge has no hook of its own, its ports see copies of one download */
	return passage->depth < mz_settings.depth ||
	       (passage->depth == mz_settings.depth && passage->ifindex != skb->ifindex);
}

/*
 * Whether a hook before this one counted the packet, by its print; if none did it is marked, as it
 * will be counted now. A packet passes a device but once: the next like it is another.
 */
static __always_inline bool is_counted(struct __sk_buff *skb, enum mz_direction hook, __u64 print)
{
	__u64 now = bpf_jiffies64();
	__u32 depth = mz_settings.depth, at = hook;
	struct mz_passage *passage = bpf_map_lookup_elem(&mz_passages, &at);

	if (passage && passage->print == print && now - passage->jiffies <= JIFFIES &&
		is_behind(passage, skb, hook) && use_up(skb, hook, passage->number))
		return true;
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
