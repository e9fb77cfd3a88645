/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts a packet once on every path. A packet of a bridge or a VLAN meets several hooks; how many
 * depends on its path. The first hook counts it. Later hooks recognize it by a mark in tc_index. A
 * filter of another program may have overwritten that mark, so they also compare the packet with
 * the last one that was counted on this CPU: the kernel carries a packet from hook to hook on one
 * CPU.
 */
#ifndef MZ_ONCE_H
#define MZ_ONCE_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "match.h"
#include "settings.h"
#include "tables.h"

/*
 * The longest time a packet takes from one hook to the next. On a CPU these are microseconds, but a
 * host may suspend a virtual CPU for a while. A quarter of a second at 1000 Hz.
 */
#define MAX_AGE_JIFFIES 256

/* Per direction. Named as layout v4 pins it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct mz_last_seen);
	__uint(max_entries, MZ_DIRECTIONS);
} mz_passages SEC(".maps");

/*
 * Which devices have seen the last counted packet, per CPU and direction: a hash table with open
 * addressing. An entry is the packet's number (struct mz_last_seen) in the upper half and the
 * device's index in the lower half; entries of earlier packets are free. Each classifier has a
 * table of its own.
 */
#define SEEN_ENTRIES 64 /* a tracked interface has no more devices below it */
#define SEEN_PROBES  4	/* entries to try: few devices see a packet, and collisions are rare */

struct seen {
	__u64 entry[SEEN_ENTRIES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct seen);
	__uint(max_entries, MZ_DIRECTIONS);
} mz_seen SEC(".maps");

/* Notes that skb's device sees the packet of that number. Returns false where it did before. */
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
		skb->tc_index = 0; /* no further hook of this daemon will see it */
	last = bpf_map_lookup_elem(&mz_passages, &at);
	if (last) /* so that the next packet of the same content counts */
		mark_seen(skb, hook, last->number);
	return true;
}

/* Tells later hooks that a hook at this depth counted the packet. now: in jiffies. */
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

/* Whether a packet may come here after the hook that counted it. */
static __always_inline bool may_come_after(
	const struct mz_last_seen *last, const struct __sk_buff *skb, enum mz_direction hook)
{
	if (hook == MZ_UPLOAD)
		return last->depth > mz_settings.depth;
	/* at the same depth: ports of a bridge without egress hook see copies of one download */
	return last->depth < mz_settings.depth ||
	       (last->depth == mz_settings.depth && last->ifindex != skb->ifindex);
}

/*
 * Whether an earlier hook counted the packet, going by its fingerprint. Where none did, records it
 * as counted: the caller counts it now. A packet passes each device only once, so a second packet
 * with this fingerprint on the same device is another packet.
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

/* Makes the ports by which a frame leaves take it for a download that was counted already. */
static __always_inline void treat_as_counted(struct __sk_buff *skb, __u64 fingerprint)
{
	__u32 at = MZ_DOWNLOAD;

	record_counted(skb, MZ_DOWNLOAD, bpf_map_lookup_elem(&mz_passages, &at), fingerprint,
		bpf_jiffies64(), 0);
}

#endif
