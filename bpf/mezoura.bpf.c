// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier: counts what each host of a tracked interface exchanges with the internet. It
 * reads packets, never changes their data, and always passes them on to the next program.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "attribute.h"
#include "match.h"
#include "once.h"
#include "parse.h"
#include "wire_size.h"

#define NEXT TC_ACT_UNSPEC /* the same number as TCX_NEXT */

char mz_license[] SEC("license") = "GPL";

/* Puts two numbers of so many bits into one, as if it were read from memory where they follow. */
static __always_inline __u64 join_bits(__u64 first, __u64 second, __u32 bits)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return first | second << bits;
#else
	return first << bits | second;
#endif
}

static __always_inline __u32 join(__u32 first, __u32 second)
{
	return join_bits(first, second, 16);
}

static __always_inline __u64 join_words(__u64 first, __u64 second)
{
	return join_bits(first, second, 32);
}

/*
 * The host of a frame as a struct mz_host: the sender of an upload, the receiver of a download.
 * Reads 16 bits at a time, as MACs in a frame are aligned to that.
 */
static __always_inline __u64 host_of(const struct ethhdr *eth, enum mz_direction direction)
{
	const __u16(*macs)[3] = (const void *)eth; /* receiver, sender */
	const __u16 *mac = macs[!direction];

	if (mz_settings.no_link)
		return join_words(join(mz_settings.net, 0), 0);
	return join_words(join(mz_settings.net, mac[0]), join(mac[1], mac[2]));
}

static __always_inline bool same_mac(const __u8 *frame, const volatile struct mz_mac *mac)
{
	const __u16 *a = (const void *)frame;
	const volatile __u16 *b = (const volatile void *)mac;

	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

static __always_inline bool is_router_mac(const __u8 *mac)
{
	for (__u32 i = 0; i < mz_settings.mac_count && i < MZ_MACS; i++)
		if (same_mac(mac, &mz_settings.mac[i]))
			return true;
	return false;
}

/*
 * Whether the router routes the frame, which enters or leaves here. While an interface is
 * promiscuous (tcpdump) it receives frames of other machines, too; frames to a macvlan on top of it
 * look like those. It sends only what the router sends. A port of a bridge sees all frames that are
 * bridged, in both directions.
 */
static __always_inline bool is_routed(
	const struct __sk_buff *skb, const struct ethhdr *eth, enum mz_direction hook)
{
	if (mz_settings.place != MZ_LOWER &&
		(hook == MZ_DOWNLOAD || skb->pkt_type != PACKET_OTHERHOST))
		return true;
	return is_router_mac(hook == MZ_UPLOAD ? eth->h_dest : eth->h_source);
}

/*
 * Counts a packet whose IP header is not whole as unattributed: it may be one between a host and
 * the internet.
 */
static __noinline void add_malformed(struct __sk_buff *skb, __u32 offset, __u32 extra_bytes,
	__u32 protocol, enum mz_direction hook)
{
	struct mz_volume volume = wire_size(skb, (struct frame){offset, extra_bytes, protocol}, 0);

	/* it always reaches the tracked interface: a flowtable does not forward it */
	if (mz_settings.place != MZ_LOWER &&
		(hook == MZ_DOWNLOAD || skb->pkt_type != PACKET_OTHERHOST))
		add_unattributed(hook, MZ_MALFORMED, &volume);
}

/* By value, so that the caller's volume can stay in registers. */
static __always_inline void add_untracked(enum mz_direction direction, struct mz_volume volume)
{
	add_unattributed(direction, MZ_UNTRACKED, &volume);
}

/* Mixes a number into a fingerprint. */
static __always_inline __u64 mix(__u64 fingerprint, __u64 number)
{
	fingerprint = (fingerprint ^ number) * 0x9e3779b97f4a7c15u;
	return fingerprint ^ fingerprint >> 29;
}

/*
 * Starts a fingerprint with the MAC of the host and a number of the packet. The network number is
 * left out: a port that moved to another bridge may still have the hook of the former one, and the
 * packet must not count on both.
 */
static __always_inline __u64 start_fingerprint(__u64 host, __u32 number)
{
	return mix(host ^ join_words(join(mz_settings.net, 0), 0), number);
}

/* Of the host, both addresses, length, identification and fragment offset. */
static __always_inline __u64 fingerprint4(
	__u64 host, const struct iphdr *ip, enum mz_direction direction)
{
	const __u32 *ends = &ip->saddr, *identity = (const void *)&ip->id;
	__u64 fingerprint = start_fingerprint(host, ends[!direction]);

	fingerprint = mix(fingerprint, (__u64)ip->tot_len << 32 | *identity);
	return mix(fingerprint, join_words(ends[direction], 0));
}

/* Of the host, both addresses and length. */
static __always_inline __u64 fingerprint6(
	__u64 host, const struct ipv6hdr *ip, enum mz_direction direction)
{
	const __u32(*ends)[4] = (const void *)&ip->saddr;
	const __u32 *at = ends[direction], *remote = ends[!direction];
	__u64 fingerprint = start_fingerprint(host, ip->payload_len);

	fingerprint = mix(mix(fingerprint, join_words(at[0], at[1])), join_words(at[2], at[3]));
	fingerprint = mix(fingerprint, join_words(remote[0], remote[1]));
	return mix(fingerprint, join_words(remote[2], remote[3]));
}

/*
 * Counts an IPv4 packet. hook: the direction of hosts' packets here, uploads at ingress and
 * downloads at egress. The router's own packets go the other way where the internet is reached by
 * way of this interface, too. Tracked addresses, the router's own among them, are not the internet,
 * so the remote end is checked first: that excludes most packets that stay in the LAN.
 */
static __always_inline void account4(
	struct __sk_buff *skb, struct frame frame, enum mz_direction hook)
{
	enum mz_direction direction = hook;
	struct mz_volume volume;
	const struct ethhdr *eth;
	const struct iphdr *ip;
	bool tracked = true;
	const __u32 *ends; /* sender, receiver: [direction] is the host, [!direction] the remote */
	const void *at;
	struct key key;

	if (!make_readable(skb, frame.offset, sizeof(*ip), 4, &at)) {
		add_malformed(skb, frame.offset, frame.extra_bytes, frame.protocol, hook);
		return;
	}
	ip = at;
	ends = &ip->saddr;
	if (is_internet4(ends[!hook])) {
		tracked = is_tracked4(ends[hook]);
		if (!tracked && !is_untracked_host4(ends[hook]))
			return;
	} else {
		if (!is_router4(ends[!hook]) || !is_internet4(ends[hook]))
			return;
		direction = !hook;
	}
	eth = ethernet_header(skb);
	if (!eth || !is_routed(skb, eth, hook))
		return;
	key = (struct key){{host_of(eth, direction), join_words(ends[direction], 0)}};
	if (mz_settings.place != MZ_ALONE &&
		is_counted(skb, hook, fingerprint4(key.word[0], ip, direction)))
		return;
	volume = wire_size(skb, frame, bpf_ntohs(ip->tot_len));
	if (tracked)
		attribute(key, MZ_SLOT_HOST4, direction, volume);
	else
		add_untracked(direction, volume);
}

static __always_inline void account6(
	struct __sk_buff *skb, struct frame frame, enum mz_direction hook)
{
	enum mz_direction direction = hook;
	const __u32(*ends)[4], *host;
	struct mz_volume volume;
	const struct ethhdr *eth;
	const struct ipv6hdr *ip;
	bool tracked = true;
	const void *at;
	struct key key;
	__u32 length;

	if (!make_readable(skb, frame.offset, sizeof(*ip), 6, &at)) {
		add_malformed(skb, frame.offset, frame.extra_bytes, frame.protocol, hook);
		return;
	}
	ip = at;
	ends = (const void *)&ip->saddr;
	if (is_internet6(ends[!hook])) {
		tracked = is_tracked6(ends[hook]);
		if (!tracked && !is_untracked_host6(ends[hook]))
			return;
	} else {
		if (!is_router6(ends[!hook]) || !is_internet6(ends[hook]))
			return;
		direction = !hook;
	}
	eth = ethernet_header(skb);
	if (!eth || !is_routed(skb, eth, hook))
		return;
	host = ends[direction];
	key = (struct key){{host_of(eth, direction), join_words(host[0], host[1]),
		join_words(host[2], host[3])}};
	if (mz_settings.place != MZ_ALONE &&
		is_counted(skb, hook, fingerprint6(key.word[0], ip, direction)))
		return;
	length = bpf_ntohs(ip->payload_len);
	/* 0: a jumbogram, whose length is in a hop-by-hop header */
	volume = wire_size(
		skb, frame, length || ip->nexthdr != IPPROTO_HOPOPTS ? length + sizeof(*ip) : 0);
	if (tracked)
		attribute(key, MZ_SLOT_HOST6, direction, volume);
	else
		add_untracked(direction, volume);
}

/* Makes the ports by which a frame leaves not count it. host: the receiver. */
static __noinline void treat_frame_as_counted(struct __sk_buff *skb, __u64 host)
{
	struct frame frame;
	const void *ip;

	if (!parse_frame(skb, &frame))
		return;
	if (frame.protocol == bpf_htons(ETH_P_IP)) {
		if (make_readable(skb, frame.offset, sizeof(struct iphdr), 4, &ip))
			treat_as_counted(skb, fingerprint4(host, ip, MZ_DOWNLOAD));
	} else if (frame.protocol == bpf_htons(ETH_P_IPV6)) {
		if (make_readable(skb, frame.offset, sizeof(struct ipv6hdr), 6, &ip))
			treat_as_counted(skb, fingerprint6(host, ip, MZ_DOWNLOAD));
	}
}

/*
 * A frame that enters by a port with the router's own MAC as its sender is forged, or came back in
 * a loop. Where it is bridged to another port, it would look like a download there.
 */
static __always_inline void exclude_forged(struct __sk_buff *skb)
{
	const struct ethhdr *eth = ethernet_header(skb);

	if (eth && is_router_mac(eth->h_source))
		treat_frame_as_counted(skb, host_of(eth, MZ_DOWNLOAD));
}

static __always_inline int classify(struct __sk_buff *skb, enum mz_direction hook)
{
	struct frame frame;

	if (mz_settings.place != MZ_ALONE) {
		if (is_marked(skb, hook))
			return NEXT;
		if (mz_settings.place == MZ_LOWER && hook == MZ_UPLOAD)
			exclude_forged(skb);
	}
	if (!parse_frame(skb, &frame))
		return NEXT;
	if (frame.protocol == bpf_htons(ETH_P_IP))
		account4(skb, frame, hook);
	else if (frame.protocol == bpf_htons(ETH_P_IPV6))
		account6(skb, frame, hook);
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
