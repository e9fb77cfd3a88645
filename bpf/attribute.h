/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes a packet to the slot of an address, or counts it as unattributed with a reason. The
 * slot of an address is looked up in mz_index first, a cache that may be wrong and is checked, and
 * then in mz_hosts4 or mz_hosts6, which are right: where two CPUs see a new address at once, one of
 * them inserts it there, and the other takes that slot, too.
 */
#ifndef MZ_ATTRIBUTE_H
#define MZ_ATTRIBUTE_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "match.h"
#include "settings.h"
#include "tables.h"

/* as in errno.h */
#define E2BIG  7  /* the table is full */
#define EINVAL 22 /* no machine can have this MAC */

/* A size of 1 stands for another one: the daemon makes these maps, by --max-hosts (maps.c). */
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

/* In assembler: of the builtin, new compilers make an instruction that Linux 5.10 does not know. */
static __always_inline void add_atomically(__u64 *sum, __u64 addend)
{
	__asm__ volatile("lock *(u64 *)(%0 + 0) += %1" : : "r"(sum), "r"(addend) : "memory");
}

/*
 * A plain += is enough: each CPU has its own counters, and both hooks run with bottom halves off.
 * Only a kernel for real time may preempt a hook by another one. The verifier removes the branch
 * that is not taken, as the settings are constants.
 */
static __always_inline void add(
	__u64 *bytes, __u64 added_bytes, __u64 *packets, __u64 added_packets)
{
	if (mz_settings.preempted) {
		add_atomically(bytes, added_bytes);
		add_atomically(packets, added_packets);
	} else {
		*bytes += added_bytes;
		*packets += added_packets;
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
 * A host and its address: the first fields of a struct mz_slot, as words that fit into registers.
 * It is a struct mz_key6 as well, and starts with a struct mz_key4.
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
 * The number of an address's slot; negative: it has none. When the daemon deletes an entry of
 * hosts, the kernel may give it to another address while a classifier still reads it. So the key in
 * the slot decides: a slot gets another key only after all running classifiers have ended.
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
 * Gives a slot to an address that has none. Returns the slot's number or -errno. error is an int,
 * as older kernels return errors without the sign in the upper 32 bits.
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
	slot->state = MZ_SLOT_FREE; /* even if it goes back: it was used once */
	*(struct key *)slot = *key;
	error = bpf_map_update_elem(hosts, key, &number, BPF_NOEXIST);
	if (error == 0) {
		slot->state = state;
		return number;
	}
	bpf_map_push_elem(spare, &number, 0);
	number = find_slot(hosts, key); /* which another CPU inserted meanwhile */
	return (int)number < 0 ? error : (int)number;
}

/* at: the address's entry of mz_index, which is set to the slot. Returns its number or -errno. */
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
 * Whether the MAC is all zero on a device with a link layer. No machine has that MAC; in the tables
 * it stands for hosts on a device without link layer.
 */
static __always_inline bool has_invalid_mac(const struct key *key)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u64 mac = key->word[0] >> 16; /* the network number comes first */
#else
	__u64 mac = key->word[0] << 16;
#endif

	return !mac && !mz_settings.no_link;
}

/* Adds a volume to the counts of an address. state: of the slots of its family. */
static __always_inline void attribute(struct key key, enum mz_slot_state state,
	enum mz_direction direction, struct mz_volume volume)
{
	/* the product hardly mixes the highest bits into at: so the last word's halves swap */
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
		struct key copy = key; /* so that key can stay in registers */

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
