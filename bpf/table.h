/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where packets are booked: on the slot of an address, or on nobody with a reason. An address finds
 * its slot in mz_index, a cache that may be wrong, and else in mz_hosts4 or mz_hosts6, which are
 * right: of two CPUs that see a new address first, one wins there.
 */
#ifndef MZ_TABLE_H
#define MZ_TABLE_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "layout.h"
#include "whose.h"

#define E2BIG 7 /* errno.h: what an insert says when the table is full */

/* All sizes of 1 stand for what --max-hosts makes of them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct mz_key4);
	__type(value, __u32);
	__uint(max_entries, 1);
} mz_hosts4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct mz_key6);
	__type(value, __u32);
	__uint(max_entries, 1);
} mz_hosts6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__type(value, __u32);
	__uint(max_entries, 1);
} mz_spare4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__type(value, __u32);
	__uint(max_entries, 1);
} mz_spare6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct mz_slot);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} mz_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct mz_counts);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} mz_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} mz_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct mz_volume);
	__uint(max_entries, MZ_DIRECTIONS *MZ_REASONS);
} mz_unattributed SEC(".maps");

/* Written and read by the daemon only; here so that it is made and pinned with the others. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct mz_net);
	__uint(max_entries, MZ_NETS);
} mz_nets SEC(".maps");

static __noinline void book_nowhere(
	enum mz_direction direction, enum mz_reason reason, const struct mz_volume *volume)
{
	__u32 index = direction * MZ_REASONS + reason;
	struct mz_volume *total = bpf_map_lookup_elem(&mz_unattributed, &index);

	if (total) {
		total->bytes += volume->bytes;
		total->packets += volume->packets;
	}
}

static __always_inline bool has_key(const struct mz_slot *slot, const struct mz_slot *content)
{
	const __u64 *a = (const void *)slot, *b = (const void *)content;

	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

/*
 * The number of an address's slot, negative where it has none. The kernel may give an entry of
 * hosts that the daemon deletes to another address at once, while we still read it: the slot is not
 * given away before no classifier is left that was running, so what it says is right.
 */
static __always_inline int seek_slot(void *hosts, const void *key, const struct mz_slot *content)
{
	__u32 *found = bpf_map_lookup_elem(hosts, key), number;
	struct mz_slot *slot;

	if (!found)
		return -1;
	number = *found;
	slot = bpf_map_lookup_elem(&mz_slots, &number);
	return slot && has_key(slot, content) ? (int)number : -1;
}

/*
 * Gives an address without a slot one. key: of hosts, which begins as a struct mz_slot does.
 * Returns the slot's number or -errno; an int, as older kernels return errors without their sign in
 * the upper half.
 */
static __always_inline int take_slot(
	void *hosts, void *spare, const void *key, const struct mz_slot *content)
{
	struct mz_slot *slot;
	__u32 number;
	int error;

	if (bpf_map_pop_elem(spare, &number) != 0)
		return -E2BIG;
	slot = bpf_map_lookup_elem(&mz_slots, &number);
	if (!slot)
		return -1;
	slot->state = MZ_SLOT_FREE; /* no virgin any more, even if it goes back */
	slot->host = content->host;
	__builtin_memcpy(slot->addr, content->addr, sizeof(slot->addr));
	error = bpf_map_update_elem(hosts, key, &number, BPF_NOEXIST);
	if (error == 0) {
		slot->state = content->state;
		return number;
	}
	bpf_map_push_elem(spare, &number, 0);
	number = seek_slot(hosts, key, content); /* another CPU's */
	return (int)number < 0 ? error : (int)number;
}

static __noinline int find_slot4(const struct mz_slot *content, __u32 at)
{
	struct mz_key4 key = {.host = content->host, .addr = content->addr[0]};
	int number = seek_slot(&mz_hosts4, &key, content);

	if (number < 0)
		number = take_slot(&mz_hosts4, &mz_spare4, &key, content);
	if (number >= 0)
		bpf_map_update_elem(&mz_index, &at, &number, BPF_ANY);
	return number;
}

static __noinline int find_slot6(const struct mz_slot *content, __u32 at)
{
	struct mz_key6 key = {.host = content->host};
	int number;

	__builtin_memcpy(key.addr, content->addr, sizeof(key.addr));
	number = seek_slot(&mz_hosts6, &key, content);
	if (number < 0)
		number = take_slot(&mz_hosts6, &mz_spare6, &key, content);
	if (number >= 0)
		bpf_map_update_elem(&mz_index, &at, &number, BPF_ANY);
	return number;
}

/* content: who, and which family; all of it is compared as words. */
static __always_inline void book(
	const struct mz_slot *content, enum mz_direction direction, const struct mz_volume *volume)
{
	const __u64 *host = (const void *)content, *known;
	bool v4 = content->state == MZ_SLOT_HOST4;
	__u64 mixed = host[0];
	struct mz_counts *counts;
	struct mz_slot *slot = 0;
	__u32 at, *entry;
	int number = 0;

	/* The highest bits have no say in at: the last word of an IPv6 address changes sides. */
	mixed ^= v4 ? content->addr[0] : host[1] ^ (host[2] << 32 | host[2] >> 32);
	at = mixed * 0x9e3779b97f4a7c15u >> 32 & mz_settings.index_mask;
	entry = bpf_map_lookup_elem(&mz_index, &at);
	if (entry) {
		number = *entry;
		slot = bpf_map_lookup_elem(&mz_slots, &number);
	}
	known = (const void *)slot;
	if (!slot || slot->state != content->state || known[0] != host[0] ||
		(v4 ? slot->addr[0] != content->addr[0]
		    : known[1] != host[1] || known[2] != host[2]))
		number = v4 ? find_slot4(content, at) : find_slot6(content, at);
	/* A CPU has counts of its own, and softirqs do not preempt each other: additions do. */
	at = bpf_get_smp_processor_id() * mz_settings.slots + number;
	counts = number < 0 ? 0 : bpf_map_lookup_elem(&mz_counts, &at);
	if (!counts) {
		book_nowhere(
			direction, number == -E2BIG ? MZ_TABLE_FULL : MZ_INSERT_FAILED, volume);
		return;
	}
	counts->bytes[direction] += volume->bytes;
	counts->packets[direction] += volume->packets;
}

#endif
