/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many frames of how many bytes a packet is on the wire. */
#ifndef MZ_WIRE_SIZE_H
#define MZ_WIRE_SIZE_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_helpers.h>

#include "counts.h"
#include "match.h"
#include "parse.h"

#define JUMBO_HLEN	  8 /* RFC 2675: hop-by-hop header with the jumbo payload option */
#define JUMBO_TYPE	  0xc2
#define MAX_WITHOUT_JUMBO 65536 /* only of longer packets does the kernel remove that header */
#define UDP_HLEN	  8
#define SCTP_HLEN	  12 /* RFC 9260, 3.1 */
#define FRAGMENT_HLEN	  8  /* RFC 8200, 4.5: IPv6 fragment header */

/*
 * Returns number, which is below 64 k, in a form that tells the verifier no more than that: it does
 * not know that vlan_present is 0 or 1. Verifiers before 6.3 would otherwise follow each possible
 * value to the end of the program, and give up after a million instructions.
 */
static __always_inline __u32 hide_value_from_verifier(const struct __sk_buff *skb, __u32 number)
{
	return (number + (skb->vlan_present >> 1)) & 0xffff;
}

/* The header that count_segments() has come to. */
struct header {
	__u32 offset;  /* in the packet */
	__u8 protocol; /* IPPROTO_... */
};

/*
 * Skips the extension headers of an IPv6 packet; eight are more than any stack sends. Returns how
 * many of these bytes the kernel removes before the wire: it states the length of a super-packet
 * beyond 64 kB in a jumbo payload header, which it removes again. In a shorter packet that header
 * comes from the sender and stays.
 */
static __always_inline __u32 skip_extensions(struct __sk_buff *skb, struct header *header)
{
	__u32 removed = 0;

	for (int i = 0; i < 8; i++) {
		__u8 start[4] = {}; /* next header, length, first option's type and length */

		if (header->protocol != IPPROTO_HOPOPTS && header->protocol != IPPROTO_ROUTING &&
			header->protocol != IPPROTO_FRAGMENT &&
			header->protocol != IPPROTO_DSTOPTS && header->protocol != IPPROTO_AH)
			break;
		if (bpf_skb_load_bytes(skb, header->offset, start, sizeof(start)) < 0)
			break;
		if (header->protocol == IPPROTO_HOPOPTS && start[0] == IPPROTO_TCP &&
			start[1] == 0 && start[2] == JUMBO_TYPE && skb->len > MAX_WITHOUT_JUMBO)
			removed = JUMBO_HLEN;
		if (header->protocol == IPPROTO_FRAGMENT)
			header->offset += 8;
		else if (header->protocol == IPPROTO_AH)
			header->offset += (start[1] + 2) * 4;
		else
			header->offset += (start[1] + 1) * 8;
		header->protocol = start[0];
		header->offset = hide_value_from_verifier(skb, header->offset);
	}
	return removed;
}

/* Skips the IP header. Returns what skip_extensions() returns. */
static __always_inline __u32 skip_ip(struct __sk_buff *skb, struct header *header, bool v4)
{
	__u8 length = 0;

	if (!v4) {
		bpf_skb_load_bytes(skb, header->offset + 6, &header->protocol, 1);
		header->offset += sizeof(struct ipv6hdr);
		return skip_extensions(skb, header);
	}
	bpf_skb_load_bytes(skb, header->offset, &length, 1);
	bpf_skb_load_bytes(skb, header->offset + 9, &header->protocol, 1);
	header->offset += (length & 0xf) * 4;
	return 0;
}

/*
 * Whether a UDP super-packet without gso_segs becomes the fragments of one datagram (UFO) rather
 * than several datagrams (USO, for which the kernel itself sets gso_segs). A program cannot read
 * which. But bpf_skb_adjust_room() refuses super-packets of UFO, so this asks for 0 bytes of room.
 */
static __always_inline bool is_one_datagram(struct __sk_buff *skb)
{
	return bpf_skb_adjust_room(skb, 0, BPF_ADJ_ROOM_MAC,
		       BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET) != 0;
}

/*
 * Counts a super-packet as the frames it stands for on the wire. GRO merges received frames into
 * one packet, and GSO splits a packet into frames when it is sent, each with a copy of all headers;
 * of fragments (UFO) only the first has the UDP header. Adds the bytes of these copies to volume
 * and sets its packets. The kernel's own count is gso_segs. A guest's super-packet from a tap
 * device has none: it is counted by gso_size. Not inlined, as few packets come here.
 */
static __noinline void count_segments(
	struct __sk_buff *skb, __u32 offset, __u32 extra_bytes, bool v4, struct mz_volume *volume)
{
	struct header header = {.offset = offset};
	__u32 size = skb->gso_size, frames = skb->gso_segs, removed, headers, fragment = 0;
	__u8 byte = 0;

	removed = skip_ip(skb, &header, v4);
	headers = header.offset;
	if (header.protocol == IPPROTO_TCP && bpf_skb_load_bytes(skb, headers + 12, &byte, 1) == 0)
		headers += (byte >> 4) * 4;
	else if (header.protocol == IPPROTO_UDP && frames == 0 && is_one_datagram(skb))
		fragment = v4 ? 0 : FRAGMENT_HLEN;
	else if (header.protocol == IPPROTO_UDP)
		headers += UDP_HLEN;
	else if (header.protocol == IPPROTO_SCTP)
		headers += SCTP_HLEN;

	if (frames == 0 && size != 0 && skb->len > headers)
		frames = (skb->len - headers + size - 1) / size;
	volume->bytes -= removed;
	if (frames < 2)
		return;
	volume->packets = frames;
	volume->bytes +=
		(__u64)(frames - 1) * (headers + extra_bytes - removed + fragment) + fragment;
}

/* The packet's frames and bytes on the wire. ip_bytes: the length in its IP header; 0: unknown. */
static __always_inline struct mz_volume wire_size(
	struct __sk_buff *skb, struct frame frame, __u32 ip_bytes)
{
	struct mz_volume volume = {.packets = 1};

	if (!mz_settings.from_ip) {
		volume.bytes = skb->len + frame.extra_bytes;
	} else {
		frame.extra_bytes = -frame.offset;
		volume.bytes = skb->len - frame.offset;
		/* what pads a short frame to the Ethernet minimum is not IP */
		if (ip_bytes && ip_bytes < volume.bytes && !skb->gso_size)
			volume.bytes = ip_bytes;
	}
	if (skb->gso_size) {
		struct mz_volume segments = volume; /* so that volume can stay in registers */

		count_segments(skb, frame.offset, frame.extra_bytes,
			frame.protocol == bpf_htons(ETH_P_IP), &segments);
		return segments;
	}
	return volume;
}

#endif
