/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where packets are booked: on the slot of an address, or on nobody with a reason. An address finds
 * its slot in mz_index, a cache that may be wrong, and else in mz_hosts4 or mz_hosts6, which are
 * right: of two CPUs that see a new address first, one wins there.
 */
#ifndef MZ_ATTRIBUTE_H
#define MZ_ATTRIBUTE_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "match.h"
#include "settings.h"
#include "tables.h"

#define E2BIG  7  /* errno.h: what an insert says when the table is full */
#define EINVAL 22 /* what we say of a host that cannot be */

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

/* By hand, as new compilers make of it an instruction that Linux 5.10 does not know. */
static __always_inline void add_atomically(__u64 *sum, __u64 more)
{
	__asm__ volatile("lock *(u64 *)(%0 + 0) += %1" : : "r"(sum), "r"(more) : "memory");
}

/*
 * A plain += is enough where nothing preempts a hook on its CPU: each CPU has counters of its own.
 * The test is a constant for the kernel.
 */
static __always_inline void add(__u64 *bytes, __u64 more_bytes, __u64 *packets, __u64 more_packets)
{
	if (mz_settings.preempted) {
		add_atomically(bytes, more_bytes);
		add_atomically(packets, more_packets);
	} else {
		*bytes += more_bytes;
		*packets += more_packets;
	}
}

static __noinline void add_unattributed(
	enum mz_direction direction, enum mz_reason reason, const struct mz_volume *volume)
{
	__u32 index = direction * MZ_REASONS + reason;
	struct mz_volume *total = bpf_map_lookup_elem(&mz_unattributed, &index);

	if (total)
		add(&total->bytes, volume->bytes, &total->packets, volume->packets);
}

/*
 * A host and its address as a slot begins with them, in words that are compared and handed on in
 * registers. It is a struct mz_key6 as well, and begins as a struct mz_key4.
 */
struct key {
	__u64 word[3];
};

_Static_assert(
	sizeof(struct key) == __builtin_offsetof(struct mz_slot, state), "a slot's beginning");
_Static_assert(sizeof(struct key) == sizeof(struct mz_key6), "the key of a table");

static __always_inline bool has_key(const struct mz_slot *slot, const struct key *key)
{
	const __u64 *word = (const void *)slot;

	return word[0] == key->word[0] && word[1] == key->word[1] && word[2] == key->word[2];
}

/*
 * The number of an address's slot, negative where it has none. The kernel may give an entry of
 * hosts that the daemon deletes to another address at once, while we still read it: the slot is not
 * given away before no classifier is left that was running, so what it says is right.
 */
static __always_inline int find_slot(void *hosts, const struct key *key)
{
	__u32 *found = bpf_map_lookup_elem(hosts, key), number;
	struct mz_slot *slot;

	if (!found)
		return -1;
	number = *found;
	slot = bpf_map_lookup_elem(&mz_slots, &number);
	return slot && has_key(slot, key) ? (int)number : -1;
}

/*
 * Gives an address without a slot one. Returns the slot's number or -errno; an int, as older
 * kernels return errors without their sign in the upper half.
 */
static __always_inline int claim_slot(
	void *hosts, void *spare, const struct key *key, enum mz_slot_state state)
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
	*(struct key *)slot = *key;
	error = bpf_map_update_elem(hosts, key, &number, BPF_NOEXIST);
	if (error == 0) {
		slot->state = state;
		return number;
	}
	bpf_map_push_elem(spare, &number, 0);
	number = find_slot(hosts, key); /* another CPU's */
	return (int)number < 0 ? error : (int)number;
}

static __noinline int find_or_claim_slot4(const struct key *key, __u32 at)
{
	int number = find_slot(&mz_hosts4, key);

	if (number < 0)
		number = claim_slot(&mz_hosts4, &mz_spare4, key, MZ_SLOT_HOST4);
	if (number >= 0)
		bpf_map_update_elem(&mz_index, &at, &number, BPF_ANY);
	return number;
}

static __noinline int find_or_claim_slot6(const struct key *key, __u32 at)
{
	int number = find_slot(&mz_hosts6, key);

	if (number < 0)
		number = claim_slot(&mz_hosts6, &mz_spare6, key, MZ_SLOT_HOST6);
	if (number >= 0)
		bpf_map_update_elem(&mz_index, &at, &number, BPF_ANY);
	return number;
}

/*
 * Whether the host's MAC is all zero where there are MACs: no machine has that one, and it stands
 * for hosts without any.
 */
static __always_inline bool has_invalid_mac(const struct key *key)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u64 mac = key->word[0] >> 16; /* behind the interface's number */
#else
	__u64 mac = key->word[0] << 16;
#endif

	return !mac && !mz_settings.no_link;
}

static __always_inline void attribute(struct key key, enum mz_slot_state state,
	enum mz_direction direction, struct mz_volume volume)
{
	/* The highest bits have no say in at: the last word of an IPv6 address changes sides. */
	__u64 mixed = key.word[0] ^ key.word[1] ^ (key.word[2] << 32 | key.word[2] >> 32);
	struct mz_counts *counts;
	struct mz_slot *slot = 0;
	__u32 at, *entry;
	int number = 0;

	at = mixed * 0x9e3779b97f4a7c15u >> 32 & mz_settings.index_mask;
	entry = bpf_map_lookup_elem(&mz_index, &at);
	if (entry) {
		number = *entry;
		slot = bpf_map_lookup_elem(&mz_slots, &number);
	}
	if (!slot || slot->state != state || !has_key(slot, &key)) {
		struct key copy = key; /* so that key itself needs no memory */

		number = has_invalid_mac(&key)	  ? -EINVAL
			 : state == MZ_SLOT_HOST4 ? find_or_claim_slot4(&copy, at)
						  : find_or_claim_slot6(&copy, at);
	}
	at = bpf_get_smp_processor_id() * mz_settings.slot_count + number;
	counts = number < 0 ? 0 : bpf_map_lookup_elem(&mz_counts, &at);
	if (!counts) {
		struct mz_volume copy = volume;

		add_unattributed(direction,
			number == -E2BIG    ? MZ_TABLE_FULL
			: number == -EINVAL ? MZ_MALFORMED
					    : MZ_INSERT_FAILED,
			&copy);
		return;
	}
	add(&counts->bytes[direction], volume.bytes, &counts->packets[direction], volume.packets);
}

#endif
