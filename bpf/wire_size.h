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

#define JUMBO_HLEN	  8 /* RFC 2675: a hop-by-hop header with the jumbo payload option */
#define JUMBO_TYPE	  0xc2
#define MAX_WITHOUT_JUMBO 65536 /* only of longer packets does the kernel remove that header */
#define UDP_HLEN	  8
#define SCTP_HLEN	  12 /* RFC 9260, 3.1 */
#define FRAGMENT_HLEN	  8  /* RFC 8200, 4.5: IPv6's header of a fragment */

/*
 * A number below 64 k as it is, of which the kernel's verifier knows no more than that, as it does
 * not know that vlan_present is 0 or 1. It would else, in kernels before 6.3, follow each way to
 * each value to the end of the program, and give up after a million steps.
 */
static __always_inline __u32 hide_value_from_verifier(const struct __sk_buff *skb, __u32 number)
{
	return (number + (skb->vlan_present >> 1)) & 0xffff;
}

/* What count_segments() walks through: a header that starts at offset, of that IP protocol. */
struct header {
	__u32 offset;
	__u8 protocol;
};

/*
 * Over the extension headers of an IPv6 packet. Eight are more than any stack sends. Returns how
 * many of the bytes are not on the wire: the kernel tells the length of a super-packet beyond
 * 64 kB in a header that it takes off again. A shorter one has it from its sender, and keeps it.
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

/* Over an IP header. Returns what skip_extensions() does. */
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
 * Whether a super-packet of UDP that has no count becomes the fragments of one datagram (UFO), not
 * datagrams (USO, which has a count where the kernel made it). No program is shown which; but the
 * kernel lets one make room in front of the latter only: we ask for no room.
 */
static __always_inline bool is_one_datagram(struct __sk_buff *skb)
{
	return bpf_skb_adjust_room(skb, 0, BPF_ADJ_ROOM_MAC,
		       BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET) != 0;
}

/*
 * What a super-packet is on the wire: GRO merges frames on their way in and GSO splits them on
 * their way out, each with a copy of all headers, but that UDP's is in the first fragment only.
 * Adds the bytes of those copies and sets the number of frames. The kernel's own count is gso_segs;
 * a guest's super-packet that comes through tap has none and is counted by gso_size. Not inlined:
 * most packets do not come here.
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

/* ip_bytes: the length the IP header states, 0 where it states none. */
static __always_inline struct mz_volume wire_size(
	struct __sk_buff *skb, struct frame frame, __u32 ip_bytes)
{
	struct mz_volume volume = {.packets = 1};

	if (!mz_settings.from_ip) {
		volume.bytes = skb->len + frame.extra_bytes;
	} else {
		frame.extra_bytes = -frame.offset;
		volume.bytes = skb->len - frame.offset;
		/* a short frame is padded to the Ethernet minimum: that is not IP */
		if (ip_bytes && ip_bytes < volume.bytes && !skb->gso_size)
			volume.bytes = ip_bytes;
	}
	if (skb->gso_size) {
		struct mz_volume segments = volume; /* volume itself needs no memory then */

		count_segments(skb, frame.offset, frame.extra_bytes,
			frame.protocol == bpf_htons(ETH_P_IP), &segments);
		return segments;
	}
	return volume;
}

#endif
