// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier: counts, for each host of a tracked interface, what it exchanges with the
 * internet. Reads packets, never changes them, and always lets the next program see them.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "frame.h"
#include "passage.h"
#include "table.h"
#include "whose.h"

#define NEXT TC_ACT_UNSPEC /* the same number as TCX_NEXT */

char mz_license[] SEC("license") = "GPL";

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
 * as addresses in a frame are aligned, and writes by 32, as the key is compared: a load that spans
 * two stores still on their way would wait for both.
 */
static __always_inline void set_host(
	struct mz_slot *who, const struct ethhdr *eth, enum mz_direction direction)
{
	const __u16 *mac = (const void *)(direction == MZ_UPLOAD ? eth->h_source : eth->h_dest);
	__u32 *words = (void *)&who->host;

	words[0] = join(mz_settings.net, mz_settings.no_link ? 0 : mac[0]);
	words[1] = mz_settings.no_link ? 0 : join(mac[1], mac[2]);
}

static __always_inline bool same_mac(const __u8 *frame, const volatile struct mz_mac *mac)
{
	const __u16 *a = (const void *)frame;
	const volatile __u16 *b = (const volatile void *)mac;

	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

/*
 * Whether a frame enters or leaves the router here. In a promiscuous moment (tcpdump) an interface
 * hands up other machines' frames; never so on the way out. A bridge's port sees all that is
 * bridged, both ways.
 */
static __always_inline bool is_routed(
	const struct __sk_buff *skb, const struct ethhdr *eth, enum mz_direction hook)
{
	if (mz_settings.place != MZ_LOWER)
		return hook == MZ_DOWNLOAD || skb->pkt_type != PACKET_OTHERHOST;
	for (__u32 i = 0; i < mz_settings.macs && i < MZ_MACS; i++)
		if (same_mac(hook == MZ_UPLOAD ? eth->h_dest : eth->h_source, &mz_settings.mac[i]))
			return true;
	return false;
}

/* Whose it is and where it goes is unknown: it may have been the internet's. */
static __noinline void book_malformed(
	struct __sk_buff *skb, struct frame *frame, enum mz_direction hook)
{
	struct mz_volume volume = weigh(skb, frame, 0);

	/* a flowtable leaves it to the tracked interface */
	if (mz_settings.place != MZ_LOWER &&
		(hook == MZ_DOWNLOAD || skb->pkt_type != PACKET_OTHERHOST))
		book_nowhere(hook, MZ_MALFORMED, &volume);
}

/* Mixes a further number into a packet's print. */
static __always_inline __u64 mix(__u64 print, __u64 number)
{
	print = (print ^ number) * 0x9e3779b97f4a7c15u;
	return print ^ print >> 29;
}

/*
 * What the print of a packet begins with: its host's MAC. Not the interface: a port that moves from
 * one bridge to another may still have the hook of the former, which is no reason to count twice.
 */
static __always_inline __u64 first_print(const struct mz_slot *who, __u32 more)
{
	const __u32 *words = (const void *)&who->host;

	return mix(words[0] ^ join(mz_settings.net, 0), (__u64)words[1] << 32 | more);
}

/*
 * Where the packet starts and ends. The fields have 32 bits, of which the kernel makes pointers: a
 * compiler that knew of the 32 might cut the pointers to that (clang 22 does), and be refused.
 */
static __always_inline void *packet_start(const struct __sk_buff *skb)
{
	void *at;

	__asm__ volatile("%0 = *(u32 *)(%1 + %2)"
			 : "=r"(at)
			 : "r"(skb), "i"(__builtin_offsetof(struct __sk_buff, data)));
	return at;
}

static __always_inline void *packet_end(const struct __sk_buff *skb)
{
	void *at;

	__asm__ volatile("%0 = *(u32 *)(%1 + %2)"
			 : "=r"(at)
			 : "r"(skb), "i"(__builtin_offsetof(struct __sk_buff, data_end)));
	return at;
}

/*
 * The size bytes of the packet from offset on, to be read directly. NULL where it ends before them.
 * Pointers into the packet from before are void.
 */
static __always_inline void *reach(struct __sk_buff *skb, __u32 offset, __u32 size)
{
	void *at = packet_start(skb) + offset;

	if (at + size <= packet_end(skb))
		return at;
	bpf_skb_pull_data(skb, offset + size);
	at = packet_start(skb) + offset;
	return at + size <= packet_end(skb) ? at : NULL;
}

/*
 * hook: what passes here, uploads at ingress and downloads at egress. The router's own traffic
 * passes the other way round where its LAN link leads to the internet, too.
 */
static __always_inline void account4(
	struct __sk_buff *skb, struct frame *frame, enum mz_direction hook)
{
	const struct iphdr *ip = reach(skb, frame->offset & OFFSET_MAX, sizeof(*ip));
	const struct ethhdr *eth = packet_start(skb);
	struct mz_slot who __attribute__((aligned(8))) = {.state = MZ_SLOT_HOST4};
	enum mz_direction direction = hook;
	struct mz_volume volume;
	__u32 remote;

	if (!ip || (const void *)(eth + 1) > packet_end(skb) ||
		(mz_settings.no_link && ip->version != 4)) {
		book_malformed(skb, frame, hook);
		return;
	}
	who.addr[0] = hook == MZ_UPLOAD ? ip->saddr : ip->daddr;
	remote = hook == MZ_UPLOAD ? ip->daddr : ip->saddr;
	if (!tracked4(who.addr[0])) {
		if (!self4(remote))
			return;
		direction = !hook;
		remote = who.addr[0];
		who.addr[0] = hook == MZ_UPLOAD ? ip->daddr : ip->saddr;
	}
	if (!internet4(remote) || !is_routed(skb, eth, hook))
		return;
	set_host(&who, eth, direction);
	if (mz_settings.place != MZ_ALONE) {
		const __u32 *identity = (const void *)&ip->id;
		__u64 print = first_print(&who, remote);

		print = mix(print, (__u64)ip->tot_len << 32 | *identity);
		if (is_counted(skb, hook, mix(print, who.addr[0])))
			return;
	}
	volume = weigh(skb, frame, bpf_ntohs(ip->tot_len));
	book(&who, direction, &volume);
}

static __always_inline void account6(
	struct __sk_buff *skb, struct frame *frame, enum mz_direction hook)
{
	const struct ipv6hdr *ip = reach(skb, frame->offset & OFFSET_MAX, sizeof(*ip));
	const struct ethhdr *eth = packet_start(skb);
	struct mz_slot who __attribute__((aligned(8))) = {.state = MZ_SLOT_HOST6};
	enum mz_direction direction = hook;
	const __u32 *host, *remote;
	struct mz_volume volume;
	__u32 length;

	if (!ip || (const void *)(eth + 1) > packet_end(skb) ||
		(mz_settings.no_link && ip->version != 6)) {
		book_malformed(skb, frame, hook);
		return;
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
	if (!internet6(remote) || !is_routed(skb, eth, hook))
		return;
	set_host(&who, eth, direction);
	__builtin_memcpy(who.addr, host, sizeof(who.addr));
	if (mz_settings.place != MZ_ALONE) {
		__u64 print = first_print(&who, ip->payload_len);

		print = mix(print, (__u64)host[0] << 32 | host[1]);
		print = mix(print, (__u64)host[2] << 32 | host[3]);
		print = mix(print, (__u64)remote[0] << 32 | remote[1]);
		if (is_counted(skb, hook, mix(print, (__u64)remote[2] << 32 | remote[3])))
			return;
	}
	length = bpf_ntohs(ip->payload_len);
	volume = weigh(skb, frame, length ? length + sizeof(*ip) : 0);
	book(&who, direction, &volume);
}

static __always_inline int classify(struct __sk_buff *skb, enum mz_direction hook)
{
	struct frame frame;

	if (is_marked(skb, hook) || !open_frame(skb, &frame))
		return NEXT;
	if (frame.protocol == bpf_htons(ETH_P_IP))
		account4(skb, &frame, hook);
	else if (frame.protocol == bpf_htons(ETH_P_IPV6))
		account6(skb, &frame, hook);
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
