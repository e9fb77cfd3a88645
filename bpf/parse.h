/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the IP header of a frame, and makes it readable. */
#ifndef MZ_PARSE_H
#define MZ_PARSE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "match.h"
#include "settings.h"

#define VLAN_HLEN  4	  /* a VLAN tag: TCI and the next EtherType */
#define VLAN_ID	   0xfff  /* the bits of a TCI that are the VLAN id */
#define PPPOE_HLEN 8	  /* RFC 2516: version and type, code, session, length; PPP protocol */
#define PPP_IP	   0x0021 /* RFC 1332 */
#define PPP_IPV6   0x0057 /* RFC 5072 */
#define OFFSET_MAX 63	  /* more than Ethernet header, tags and a PPPoE header together */

struct frame {
	__u32 offset;	   /* of the IP header in the packet */
	__u32 extra_bytes; /* bytes to add to skb->len; negative values wrap */
	__u32 protocol; /* EtherType in network byte order; neither IPv4 nor IPv6: do not count */
};

/*
 * Checks the next VLAN tag of a frame. tags: how many tags came before, those of VLAN 0 left out;
 * increased for this one. bytes: the length of the tag, which does not count where the tag leads to
 * the tracked interface. Returns false where the frame belongs to another interface.
 */
static __always_inline bool consume_tag(struct frame *frame, __u32 *tags, __u16 vlan, __u32 bytes)
{
	vlan &= VLAN_ID;
	if (vlan == 0) /* a priority without a VLAN */
		return true;
	if (*tags < mz_settings.tag_count && *tags < MZ_TAGS) {
		if (mz_settings.tag[*tags] != vlan)
			return false;
		frame->extra_bytes -= bytes;
	} else if (*tags == mz_settings.tag_count) {
		for (__u32 i = 0; i < mz_settings.vlan_count && i < MZ_VLANS; i++)
			if (mz_settings.vlan[i] == vlan)
				return false;
	}
	++*tags;
	return true;
}

static __always_inline bool is_tag(__u32 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

/*
 * Finds the IP header where it does not directly follow the Ethernet header: behind VLAN tags (in
 * skb->vlan_tci or in the packet) and a PPPoE header, or at the start of the packet on a device
 * without link layer. Returns false where the frame belongs to another interface or is no PPPoE
 * session data.
 *
 * A function that is not inlined must not branch on memory of its caller. Verifiers before 6.8 may
 * assume that the memory always holds what it held in the first case they checked, and drop the
 * code for the other cases as dead; 5.10 did. So found is only written to, and other such functions
 * take by value what they branch on.
 */
static __noinline int find_ip_header(struct __sk_buff *skb, struct frame *found)
{
	struct frame frame = {.offset = ETH_HLEN, .protocol = skb->protocol};
	__u16 word[PPPOE_HLEN / 2];
	__u32 tags = 0;

	if (mz_settings.no_link) {
		frame.offset = 0;
		*found = frame;
		return true;
	}
	if (skb->vlan_present) {
		frame.extra_bytes += VLAN_HLEN;
		if (!consume_tag(&frame, &tags, skb->vlan_tci, VLAN_HLEN))
			return false;
	}
#pragma unroll /* kernels before 6.3 may refuse this loop, since it has calls in it */
	for (int i = 0; i < 3 && is_tag(frame.protocol); i++) {
		if (bpf_skb_load_bytes(skb, frame.offset, word, VLAN_HLEN) < 0)
			return false;
		frame.offset += VLAN_HLEN;
		frame.protocol = word[1];
		if (!consume_tag(&frame, &tags, bpf_ntohs(word[0]), VLAN_HLEN))
			return false;
	}
	if (tags == mz_settings.port_tags && !consume_tag(&frame, &tags, mz_settings.pvid, 0))
		return false;
	if (tags < mz_settings.tag_count)
		return false;
	if (frame.protocol == bpf_htons(ETH_P_PPP_SES)) {
		if (bpf_skb_load_bytes(skb, frame.offset, word, PPPOE_HLEN) < 0 ||
			word[0] != bpf_htons(0x1100)) /* version 1, type 1, session data */
			return false;
		frame.offset += PPPOE_HLEN;
		frame.protocol = word[3] == bpf_htons(PPP_IP)	  ? bpf_htons(ETH_P_IP)
				 : word[3] == bpf_htons(PPP_IPV6) ? bpf_htons(ETH_P_IPV6)
								  : 0;
	}
	*found = frame;
	return true;
}

/* Finds the IP header. Returns false where the frame is not to be counted. */
static __always_inline bool parse_frame(struct __sk_buff *skb, struct frame *frame)
{
	__u32 protocol = skb->protocol;
	struct frame found;

	*frame = (struct frame){.offset = ETH_HLEN, .protocol = protocol};
	if (protocol == bpf_htons(ETH_P_IP) || protocol == bpf_htons(ETH_P_IPV6)) {
		if (!mz_settings.no_link && !mz_settings.tag_count && !mz_settings.pvid &&
			!skb->vlan_present)
			return true;
	} else if (!is_tag(protocol) && protocol != bpf_htons(ETH_P_PPP_SES)) {
		return false;
	}
	if (!find_ip_header(skb, &found))
		return false;
	*frame = found;
	frame->offset &= OFFSET_MAX;
	return true;
}

/*
 * The start of the packet, and its end below. The fields have 32 bits, and the kernel turns loads
 * of them into loads of pointers. Written in C, a compiler may truncate the result to 32 bits again
 * (clang 22 does), and the verifier refuses arithmetic on such a pointer.
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
 * Makes the IP header directly readable: size bytes at *at. Returns false where the packet ends
 * before, or where the header is of another IP version; only a device without link layer (offset 0)
 * needs this check, as skb->protocol is no part of such a packet. Earlier pointers into the packet
 * become invalid.
 */
static __always_inline bool make_readable(
	struct __sk_buff *skb, __u32 offset, __u32 size, __u8 version, const void **at)
{
	*at = packet_start(skb) + offset;
	if (*at + size > packet_end(skb)) {
		bpf_skb_pull_data(skb, offset + size);
		*at = packet_start(skb) + offset;
		if (*at + size > packet_end(skb))
			return false;
	}
	return offset != 0 || *(const __u8 *)*at >> 4 == version;
}

/*
 * The Ethernet header of a device that has a link layer. NULL: the packet is shorter. It never is
 * after make_readable(), where the check is for the verifier only.
 */
static __always_inline const struct ethhdr *ethernet_header(const struct __sk_buff *skb)
{
	const struct ethhdr *eth = packet_start(skb);

	return (const void *)(eth + 1) <= packet_end(skb) ? eth : 0;
}

#endif
