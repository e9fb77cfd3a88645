// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier: counts, for each host of a tracked interface, what it exchanges with the
 * internet. Reads packets, never changes them, and always lets the next program see them.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "layout.h"
#include "scope.h"

#define NEXT	  TC_ACT_UNSPEC /* the same number as TCX_NEXT */
#define E2BIG	  7		/* errno.h: what an insert says when the table is full */
#define GSO_FRAGS 0xffff	/* GSO_BY_FRAGS: gso_size of SCTP, whose frames differ in size */

char mz_license[] SEC("license") = "GPL";

const volatile struct mz_settings mz_settings;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__type(key, struct mz_key4);
	__type(value, struct mz_counts);
	__uint(max_entries, 1); /* --max-hosts */
} mz_hosts4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__type(key, struct mz_key6);
	__type(value, struct mz_counts);
	__uint(max_entries, 1); /* --max-hosts */
} mz_hosts6 SEC(".maps");

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

static __always_inline bool tracked4(__u32 addr)
{
#pragma unroll /* the settings are constants: the kernel drops the rounds not needed */
	for (__u32 i = 0; i < MZ_PREFIXES && i < mz_settings.prefixes4; i++) {
		const volatile struct mz_prefix4 *p = &mz_settings.prefix4[i];

		if ((addr & p->mask) == p->addr)
			return addr != p->broadcast;
	}
	return false;
}

static __always_inline bool self4(__u32 addr)
{
	for (__u32 i = 0; i < mz_settings.selves4 && i < MZ_SELVES; i++)
		if (addr == mz_settings.self4[i])
			return true;
	return false;
}

static __always_inline bool internet4(__u32 addr)
{
	if (!mz_global4(bpf_ntohl(addr)))
		return false;
	for (__u32 i = 0; i < mz_settings.locals4 && i < MZ_LOCALS; i++) {
		const volatile struct mz_prefix4 *p = &mz_settings.local4[i];

		if ((addr & p->mask) == p->addr)
			return false;
	}
	return true;
}

static __always_inline bool inside6(const __u32 *addr, const volatile struct mz_prefix6 *p)
{
	return (addr[0] & p->mask[0]) == p->addr[0] && (addr[1] & p->mask[1]) == p->addr[1] &&
	       (addr[2] & p->mask[2]) == p->addr[2] && (addr[3] & p->mask[3]) == p->addr[3];
}

static __always_inline bool tracked6(const __u32 *addr)
{
#pragma unroll /* the settings are constants: the kernel drops the rounds not needed */
	for (__u32 i = 0; i < MZ_PREFIXES && i < mz_settings.prefixes6; i++)
		if (inside6(addr, &mz_settings.prefix6[i]))
			return true;
	return false;
}

static __always_inline bool self6(const __u32 *addr)
{
	for (__u32 i = 0; i < mz_settings.selves6 && i < MZ_SELVES; i++) {
		const volatile __u32 *self = mz_settings.self6[i];

		if (addr[0] == self[0] && addr[1] == self[1] && addr[2] == self[2] &&
			addr[3] == self[3])
			return true;
	}
	return false;
}

static __always_inline bool internet6(const __u32 *addr)
{
	if (!mz_global6(
		    bpf_ntohl(addr[0]), bpf_ntohl(addr[1]), bpf_ntohl(addr[2]), bpf_ntohl(addr[3])))
		return false;
	for (__u32 i = 0; i < mz_settings.locals6 && i < MZ_LOCALS; i++)
		if (inside6(addr, &mz_settings.local6[i]))
			return false;
	return true;
}

/*
 * Where the transport header of an IPv6 packet starts. *protocol: in, the fixed header's next
 * header; out, the transport's. Eight extension headers are more than any stack sends.
 */
static __always_inline __u32 transport6(struct __sk_buff *skb, __u32 offset, __u8 *protocol)
{
	for (int i = 0; i < 8; i++) {
		__u8 next[2]; /* next header, length */

		if (*protocol != IPPROTO_HOPOPTS && *protocol != IPPROTO_ROUTING &&
			*protocol != IPPROTO_FRAGMENT && *protocol != IPPROTO_DSTOPTS &&
			*protocol != IPPROTO_AH)
			break;
		if (bpf_skb_load_bytes(skb, offset, next, sizeof(next)) < 0)
			break;
		if (*protocol == IPPROTO_FRAGMENT)
			offset += 8;
		else if (*protocol == IPPROTO_AH)
			offset += (next[1] + 2) * 4;
		else
			offset += (next[1] + 1) * 8;
		*protocol = next[0];
	}
	return offset;
}

/*
 * What a super-packet is on the wire: GRO merges frames on their way in and GSO splits them on
 * their way out, each with a copy of all headers. Adds the bytes of those copies and sets the
 * number of frames. The kernel's own count is gso_segs; a guest's super-packet that comes through
 * tap has none and is counted by gso_size. Not inlined: most packets do not come here.
 */
static __noinline void unfold(struct __sk_buff *skb, struct mz_volume *volume)
{
	__u32 size = skb->gso_size, frames = skb->gso_segs, offset, headers;
	__u8 protocol = 0, byte = 0;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		bpf_skb_load_bytes(skb, ETH_HLEN, &byte, 1);
		bpf_skb_load_bytes(skb, ETH_HLEN + 9, &protocol, 1);
		offset = ETH_HLEN + (byte & 0xf) * 4;
	} else {
		bpf_skb_load_bytes(skb, ETH_HLEN + 6, &protocol, 1);
		offset = transport6(skb, ETH_HLEN + sizeof(struct ipv6hdr), &protocol);
	}
	headers = offset;
	if (protocol == IPPROTO_TCP && bpf_skb_load_bytes(skb, offset + 12, &byte, 1) == 0)
		headers += (byte >> 4) * 4;
	else if (protocol == IPPROTO_UDP)
		headers += sizeof(__u64); /* a UDP header's 8 bytes */
	else if (protocol == IPPROTO_SCTP)
		headers += 12; /* RFC 9260, 3.1 */

	if (frames == 0 && size != GSO_FRAGS && skb->len > headers)
		frames = (skb->len - headers + size - 1) / size;
	if (frames < 2)
		return;
	volume->packets = frames;
	volume->bytes += (__u64)(frames - 1) * (headers - (mz_settings.from_ip ? ETH_HLEN : 0));
}

/* ip_bytes: the length the IP header states, 0 where it states none. */
static __always_inline struct mz_volume weigh(struct __sk_buff *skb, __u32 ip_bytes)
{
	struct mz_volume volume = {.bytes = skb->len, .packets = 1};

	if (mz_settings.from_ip) {
		volume.bytes -= ETH_HLEN;
		/* a short frame is padded to the Ethernet minimum: that is not IP */
		if (ip_bytes && ip_bytes < volume.bytes && !skb->gso_size)
			volume.bytes = ip_bytes;
	}
	if (skb->gso_size)
		unfold(skb, &volume);
	return volume;
}

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

/* hosts: mz_hosts4 or mz_hosts6; key: one of its keys. */
static __always_inline void book(
	void *hosts, const void *key, enum mz_direction direction, struct mz_volume volume)
{
	struct mz_counts *counts = bpf_map_lookup_elem(hosts, key);

	if (!counts) {
		const struct mz_counts none = {};
		/*
		 * Two CPUs may race to here: one insert wins, both find what it made. An int:
		 * older kernels return it without its sign in the upper half.
		 */
		int error = bpf_map_update_elem(hosts, key, &none, BPF_NOEXIST);

		counts = bpf_map_lookup_elem(hosts, key);
		if (!counts) {
			book_nowhere(direction, error == -E2BIG ? MZ_TABLE_FULL : MZ_INSERT_FAILED,
				&volume);
			return;
		}
	}
	/* Per CPU, and softirqs do not preempt each other: plain additions lose nothing. */
	counts->bytes[direction] += volume.bytes;
	counts->packets[direction] += volume.packets;
}

/* Two 16-bit words as they lie in memory, in one register. */
static __always_inline __u32 join(__u32 first, __u32 second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return first | second << 16;
#else
	return first << 16 | second;
#endif
}

/*
 * direction: an upload's host is the frame's sender, a download's its receiver. Reads by 16 bits,
 * as addresses in a frame are aligned, and writes by 32, as the key is hashed: a load that spans
 * two stores still on their way would wait for both.
 */
static __always_inline void set_host(
	struct mz_host *host, const struct ethhdr *eth, enum mz_direction direction)
{
	const __u16 *mac = (const void *)(direction == MZ_UPLOAD ? eth->h_source : eth->h_dest);
	__u32 *words = (void *)host;

	words[0] = join(mz_settings.net, mac[0]);
	words[1] = join(mac[1], mac[2]);
}

/*
 * In a promiscuous moment (tcpdump) an interface hands up other machines' frames: those do not
 * enter the router. Never so on the way out.
 */
static __always_inline bool overheard(const struct __sk_buff *skb, enum mz_direction hook)
{
	return hook == MZ_UPLOAD && skb->pkt_type == PACKET_OTHERHOST;
}

/* Whose it is and where it goes is unknown: it may have been the internet's. */
static __noinline void book_malformed(struct __sk_buff *skb, enum mz_direction hook)
{
	struct mz_volume volume = weigh(skb, 0);

	if (!overheard(skb, hook))
		book_nowhere(hook, MZ_MALFORMED, &volume);
}

/*
 * hook: what passes here, uploads at ingress and downloads at egress. The router's own traffic
 * passes the other way round where its LAN link leads to the internet, too.
 */
static __always_inline void account4(struct __sk_buff *skb, enum mz_direction hook)
{
	const struct ethhdr *eth = (void *)(long)skb->data;
	const struct iphdr *ip = (const void *)(eth + 1);
	enum mz_direction direction = hook;
	struct mz_key4 key __attribute__((aligned(8)));
	__u32 remote;

	if ((void *)(ip + 1) > (void *)(long)skb->data_end) {
		bpf_skb_pull_data(skb, sizeof(*eth) + sizeof(*ip));
		eth = (void *)(long)skb->data;
		ip = (const void *)(eth + 1);
		if ((void *)(ip + 1) > (void *)(long)skb->data_end) {
			book_malformed(skb, hook);
			return;
		}
	}
	key.addr = hook == MZ_UPLOAD ? ip->saddr : ip->daddr;
	remote = hook == MZ_UPLOAD ? ip->daddr : ip->saddr;
	if (!tracked4(key.addr)) {
		if (!self4(remote))
			return;
		direction = !hook;
		remote = key.addr;
		key.addr = hook == MZ_UPLOAD ? ip->daddr : ip->saddr;
	}
	if (!internet4(remote) || overheard(skb, hook))
		return;
	set_host(&key.host, eth, direction);
	book(&mz_hosts4, &key, direction, weigh(skb, bpf_ntohs(ip->tot_len)));
}

static __always_inline void account6(struct __sk_buff *skb, enum mz_direction hook)
{
	const struct ethhdr *eth = (void *)(long)skb->data;
	const struct ipv6hdr *ip = (const void *)(eth + 1);
	const __u32 *host, *remote;
	enum mz_direction direction = hook;
	struct mz_key6 key __attribute__((aligned(8)));
	__u32 length;

	if ((void *)(ip + 1) > (void *)(long)skb->data_end) {
		bpf_skb_pull_data(skb, sizeof(*eth) + sizeof(*ip));
		eth = (void *)(long)skb->data;
		ip = (const void *)(eth + 1);
		if ((void *)(ip + 1) > (void *)(long)skb->data_end) {
			book_malformed(skb, hook);
			return;
		}
	}
	host = hook == MZ_UPLOAD ? ip->saddr.in6_u.u6_addr32 : ip->daddr.in6_u.u6_addr32;
	remote = hook == MZ_UPLOAD ? ip->daddr.in6_u.u6_addr32 : ip->saddr.in6_u.u6_addr32;
	if (!tracked6(host)) {
		const __u32 *self = remote;

		if (!self6(self))
			return;
		direction = !hook;
		remote = host;
		host = self;
	}
	if (!internet6(remote) || overheard(skb, hook))
		return;
	set_host(&key.host, eth, direction);
	__builtin_memcpy(key.addr, host, sizeof(key.addr));
	length = bpf_ntohs(ip->payload_len);
	book(&mz_hosts6, &key, direction, weigh(skb, length ? length + sizeof(*ip) : 0));
}

static __always_inline int classify(struct __sk_buff *skb, enum mz_direction hook)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		account4(skb, hook);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		account6(skb, hook);
	return NEXT;
}

SEC("tc")
int mz_ingress(struct __sk_buff *skb)
{
	return classify(skb, MZ_UPLOAD);
}

SEC("tc")
int mz_egress(struct __sk_buff *skb)
{
	return classify(skb, MZ_DOWNLOAD);
}
