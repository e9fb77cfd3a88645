/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the IP header of a packet, and makes it readable. */
#ifndef MZ_PARSE_H
#define MZ_PARSE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "match.h"
#include "settings.h"

#define VLAN_HLEN  4	  /* a tag: TCI and the next EtherType */
#define VLAN_ID	   0xfff  /* of a TCI */
#define PPPOE_HLEN 8	  /* RFC 2516: version and type, code, session, length; PPP protocol */
#define PPP_IP	   0x0021 /* RFC 1332 */
#define PPP_IPV6   0x0057 /* RFC 5072 */
#define OFFSET_MAX 63	  /* of an IP header: more than all tags and a PPPoE header */

struct frame {
	__u32 offset;	   /* of the IP header in the packet */
	__u32 extra_bytes; /* what counts beyond skb->len; below 0, modulo 2^32, where not all
			      counts */
	__u32 protocol;	   /* network byte order: ETH_P_IP, ETH_P_IPV6, or nothing of ours */
};

/*
 * One more tag, of a VLAN. tags: how many were before it, but for those of VLAN 0. False: the frame
 * is of another interface.
 */
static __always_inline bool consume_tag(struct frame *frame, __u32 *tags, __u16 vlan, __u32 bytes)
{
	vlan &= VLAN_ID;
	if (vlan == 0) /* a priority, in no VLAN */
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
 * Finds the IP header where it is not simply behind the Ethernet header: behind VLAN tags, beside
 * and within the packet, or a PPPoE header, or at the start. False: not ours.
 *
 * Kernels before 6.8 may take what a function reads of its caller's memory to be always as in the
 * first case they looked at, and drop the code for the others; 5.10 did. So found is only written
 * to, and what other functions that are not inlined decide by are arguments.
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
#pragma unroll /* as it has calls in it, kernels before 6.3 may refuse the loop */
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

/* Finds the IP header. False: not ours, or no IP. */
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
 * Whether the packet has an IP header of that size and version, which is then to be read directly,
 * from at on. Where there is no link layer, the kernel's word for the version is not trusted.
 * Pointers into the packet from before are void.
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
 * The Ethernet header, if there is one, where the IP header is in reach: only the verifier has to
 * be shown that the packet does not end within its first 14 bytes.
 */
static __always_inline const struct ethhdr *ethernet_header(const struct __sk_buff *skb)
{
	const struct ethhdr *eth = packet_start(skb);

	return (const void *)(eth + 1) <= packet_end(skb) ? eth : 0;
}

#endif
