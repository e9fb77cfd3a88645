/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Once on every path: a packet of a bridge or a VLAN meets several hooks, how many depends on its
 * path. The first counts it. The next ones know it by a mark in tc_index, or, as a foreign filter
 * may have rewritten that, by its fingerprint in the CPU's last passage, on which the kernel
 * carries a packet from hook to hook.
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
#define MAX_AGE_JIFFIES 256

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct mz_last_seen);
	__uint(max_entries, MZ_DIRECTIONS);
} mz_passages SEC(".maps");

/*
 * Which devices saw which passage, of each CPU: its number and the device's. A hash table without
 * links, in which entries of other passages are free. Of each classifier its own.
 */
#define SEEN_ENTRIES 64 /* as many as a tracked interface may have devices below it */
#define SEEN_PROBES  4	/* for a free entry: of a few devices, hardly two want the same */

struct seen {
	__u64 entry[SEEN_ENTRIES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct seen);
	__uint(max_entries, MZ_DIRECTIONS);
} mz_seen SEC(".maps");

/* Notes that the packet's device sees that passage. False: it had seen it before. */
static __noinline bool mark_seen(struct __sk_buff *skb, enum mz_direction hook, __u64 number)
{
	__u64 mine = number << 32 | skb->ifindex;
	__u32 first = skb->ifindex * 0x9e3779b1u >> 16;
	__u32 at = hook;
	struct seen *seen = bpf_map_lookup_elem(&mz_seen, &at);

	for (__u32 i = 0; seen && i < SEEN_PROBES; i++) {
		__u64 *entry = &seen->entry[(first + i) % SEEN_ENTRIES];

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
	struct mz_last_seen *last;
	__u32 at;

	if (!mz_settings.mark || skb->tc_index != mz_settings.mark + hook)
		return false;
	at = hook;
	if (hook == MZ_UPLOAD && mz_settings.place == MZ_UPPER && !mz_settings.hooked_twice)
		skb->tc_index = 0; /* no more hook of ours behind this one */
	last = bpf_map_lookup_elem(&mz_passages, &at);
	if (last) /* not left to a later packet like it */
		mark_seen(skb, hook, last->number);
	return true;
}

/* Lets later hooks know that a hook of that depth counted the packet. */
static __always_inline void record_counted(struct __sk_buff *skb, enum mz_direction hook,
	struct mz_last_seen *last, __u64 fingerprint, __u64 now, __u32 depth)
{
	if (last) {
		last->fingerprint = fingerprint;
		last->jiffies = now;
		last->number++;
		last->depth = depth;
		last->ifindex = skb->ifindex;
	}
	if (mz_settings.mark && skb->tc_index == 0)
		skb->tc_index = mz_settings.mark + hook;
}

/* Whether the hook that counted a passage may be before this one. */
static __always_inline bool may_come_after(
	const struct mz_last_seen *last, const struct __sk_buff *skb, enum mz_direction hook)
{
	if (hook == MZ_UPLOAD)
		return last->depth > mz_settings.depth;
	/* where a bridge has no hook of its own, its ports see copies of one download */
	return last->depth < mz_settings.depth ||
	       (last->depth == mz_settings.depth && last->ifindex != skb->ifindex);
}

/*
 * Whether a hook before this one counted the packet, by its fingerprint; if none did it is marked,
 * as it will be counted now. A packet passes a device but once: the next like it is another.
 */
static __always_inline bool is_counted(
	struct __sk_buff *skb, enum mz_direction hook, __u64 fingerprint)
{
	__u64 now = bpf_jiffies64();
	__u32 depth = mz_settings.depth, at = hook;
	struct mz_last_seen *last = bpf_map_lookup_elem(&mz_passages, &at);

	if (last && last->fingerprint == fingerprint && now - last->jiffies <= MAX_AGE_JIFFIES &&
		may_come_after(last, skb, hook) && mark_seen(skb, hook, last->number))
		return true;
	record_counted(skb, hook, last, fingerprint, now, depth);
	return false;
}

/* Has the ports that a frame comes to later take it for a download that was counted before. */
static __always_inline void treat_as_counted(struct __sk_buff *skb, __u64 fingerprint)
{
	__u32 at = MZ_DOWNLOAD;

	record_counted(skb, MZ_DOWNLOAD, bpf_map_lookup_elem(&mz_passages, &at), fingerprint,
		bpf_jiffies64(), 0);
}

#endif
