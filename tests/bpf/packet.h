/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames for the tests of the classifier, built from what a table says about them. */
#ifndef MZ_TEST_PACKET_H
#define MZ_TEST_PACKET_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"

#define ROUTER	"02:00:00:00:00:01" /* the MAC of the tracked interface */
#define HOST	"02:00:00:00:0a:01"
#define OTHER	"02:00:00:00:0b:02"
#define HOST4	"192.168.2.10" /* in every site's tracked prefixes */
#define HOST6	"2001:db8:1::10"
#define REMOTE4 "93.184.216.34"
#define REMOTE6 "2a00:1450::5"

#define FRAME_MAX 66000

struct frame {
	unsigned char bytes[FRAME_MAX];
	size_t length;
};

/* An IPv6 extension header: what it is and all its bytes, as long as its length field can say. */
struct extension {
	uint8_t protocol;
	uint16_t bytes;
};

struct packet {
	const char *from, *to; /* MACs */
	const char *src, *dst; /* addresses, both v4 or both v6 */
	uint8_t protocol;      /* 0: UDP */
	uint8_t ip_options;    /* bytes of IPv4 options */
	uint8_t tcp_options;   /* bytes of TCP options */
	uint16_t fragment;     /* IPv4's flags and fragment offset */
	struct extension extension[9];
	uint16_t payload; /* bytes behind the transport header */
	uint16_t padding; /* bytes behind the IP packet */
	int32_t lie;	  /* added to the length that the IP header states */
	uint16_t gso_size, gso_segs;
	bool datagrams;	     /* a super-packet of UDP is many datagrams, not fragments of one */
	uint16_t tag[4];     /* VLAN tags, the outer one first, up to the first 0 */
	uint16_t outer_tpid; /* EtherType of the first tag; 0: 802.1Q, as of the others */
	uint16_t pppoe;	     /* PPP protocol within a PPPoE session header; 0: none */
	bool no_link;	     /* of a device without link layer: from the IP header on */
	bool jumbo;	     /* the first extension header has the jumbo option */
};

#define PPPOE_LENGTH 8

/* One packet of what host and remote exchange, as it passes the router's LAN interface. */
static inline struct packet packet_between(
	enum mz_direction direction, const char *host, const char *remote)
{
	if (direction == MZ_UPLOAD)
		return (struct packet){.from = HOST, .to = ROUTER, .src = host, .dst = remote};
	return (struct packet){.from = ROUTER, .to = HOST, .src = remote, .dst = host};
}

static inline void packet_mac(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)strtoul(text + 3 * (size_t)i, NULL, 16);
}

/* addr: zeroed, 16 bytes. Returns the family. */
static inline int packet_address(const char *text, void *addr)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	memset(addr, 0, 16);
	if (inet_pton(family, text, addr) != 1)
		abort(); /* a typing error in a table */
	return family;
}

static inline uint8_t packet_protocol(const struct packet *packet)
{
	return packet->protocol ? packet->protocol : IPPROTO_UDP;
}

static inline size_t packet_transport_length(const struct packet *packet)
{
	if (packet->fragment & 0x1fff)
		return 0; /* only the first fragment has a transport header */
	switch (packet_protocol(packet)) {
	case IPPROTO_TCP:
		return sizeof(struct tcphdr) + packet->tcp_options;
	case IPPROTO_UDP:
		return sizeof(struct udphdr);
	case IPPROTO_SCTP:
		return 12;
	default:
		return 0;
	}
}

static inline size_t packet_link_length(const struct packet *packet)
{
	size_t length = ETH_HLEN;

	for (size_t i = 0; packet->tag[i]; i++)
		length += 4;
	return packet->no_link ? 0 : length + (packet->pppoe ? PPPOE_LENGTH : 0);
}

/* Everything in front of the payload, from the first byte on. */
static inline size_t packet_headers_length(const struct packet *packet)
{
	size_t length = packet_link_length(packet) + packet_transport_length(packet);

	if (!strchr(packet->src, ':'))
		return length + sizeof(struct iphdr) + packet->ip_options;
	for (size_t i = 0; packet->extension[i].bytes; i++)
		length += packet->extension[i].bytes;
	return length + sizeof(struct ipv6hdr);
}

static inline size_t packet_put_ip4(const struct packet *packet, unsigned char *at)
{
	size_t length = sizeof(struct iphdr) + packet->ip_options;
	struct iphdr ip = {.version = 4,
		.ihl = (length / 4) & 0xf,
		.ttl = 64,
		.protocol = packet_protocol(packet),
		.frag_off = htons(packet->fragment),
		.tot_len = htons((uint16_t)((int32_t)(length + packet_transport_length(packet) +
						      packet->payload) +
					    packet->lie))};
	unsigned char addr[16];

	packet_address(packet->src, addr);
	memcpy(&ip.saddr, addr, sizeof(ip.saddr));
	packet_address(packet->dst, addr);
	memcpy(&ip.daddr, addr, sizeof(ip.daddr));
	memcpy(at, &ip, sizeof(ip));
	memset(at + sizeof(ip), 1 /* no operation */, packet->ip_options);
	return length;
}

static inline size_t packet_put_ip6(const struct packet *packet, unsigned char *at)
{
	const struct extension *e = packet->extension;
	size_t length = sizeof(struct ipv6hdr);
	struct ipv6hdr ip = {.version = 6,
		.hop_limit = 64,
		.nexthdr = e->bytes ? e->protocol : packet_protocol(packet)};
	unsigned char addr[16];

	for (; e->bytes; e++) {
		memset(at + length, 0, e->bytes);
		at[length] = e[1].bytes ? e[1].protocol : packet_protocol(packet);
		if (e->protocol == IPPROTO_AH)
			at[length + 1] = (unsigned char)(e->bytes / 4 - 2);
		else if (e->protocol == IPPROTO_FRAGMENT)
			at[length + 1] = 0x5a; /* reserved: says nothing of the length */
		else
			at[length + 1] = (unsigned char)(e->bytes / 8 - 1);
		if (packet->jumbo && e == packet->extension)
			memcpy(at + length + 2, "\xc2\x04", 2);
		length += e->bytes;
	}
	ip.payload_len =
		htons((uint16_t)((int32_t)(length - sizeof(ip) + packet_transport_length(packet) +
					   packet->payload) +
				 packet->lie));
	packet_address(packet->src, addr);
	memcpy(&ip.saddr, addr, sizeof(ip.saddr));
	packet_address(packet->dst, addr);
	memcpy(&ip.daddr, addr, sizeof(ip.daddr));
	memcpy(at, &ip, sizeof(ip));
	return length;
}

static inline void packet_put_transport(const struct packet *packet, unsigned char *at)
{
	size_t length = packet_transport_length(packet);

	if (packet_protocol(packet) == IPPROTO_TCP && length) {
		struct tcphdr tcp = {.doff = (length / 4) & 0xf, .ack = 1};

		memcpy(at, &tcp, sizeof(tcp));
		memset(at + sizeof(tcp), 1, packet->tcp_options);
	} else if (packet_protocol(packet) == IPPROTO_UDP && length) {
		struct udphdr udp = {.len = htons((uint16_t)(length + packet->payload))};

		memcpy(at, &udp, sizeof(udp));
	}
}

/* A frame of any EtherType, filled up to length with bytes that look like nothing. */
static inline void packet_frame_raw(
	const char *from, const char *to, uint16_t type, size_t length, struct frame *frame)
{
	struct ethhdr eth = {.h_proto = htons(type)};

	memset(frame->bytes, 0x5a, sizeof(frame->bytes));
	packet_mac(to, eth.h_dest);
	packet_mac(from, eth.h_source);
	memcpy(frame->bytes, &eth, sizeof(eth));
	frame->length = length;
}

/* Tags and a PPPoE header, from the Ethernet header's type on. type: of what follows. */
static inline size_t packet_put_link(
	const struct packet *packet, uint16_t type, size_t ip_length, unsigned char *frame)
{
	unsigned char *at = frame + ETH_HLEN - 2;

	for (size_t i = 0; packet->tag[i]; i++, at += 4) {
		uint16_t tag[2] = {
			htons(i == 0 && packet->outer_tpid ? packet->outer_tpid : ETH_P_8021Q),
			htons(packet->tag[i])};

		memcpy(at, tag, sizeof(tag));
	}
	if (packet->pppoe) {
		uint16_t pppoe[PPPOE_LENGTH / 2 + 1] = {htons(ETH_P_PPP_SES), htons(0x1100),
			htons(1), htons((uint16_t)(ip_length + 2)), htons(packet->pppoe)};

		memcpy(at, pppoe, sizeof(pppoe));
	} else {
		type = htons(type);
		memcpy(at, &type, sizeof(type));
	}
	return packet_link_length(packet);
}

static inline void packet_frame(const struct packet *packet, struct frame *frame)
{
	bool v6 = strchr(packet->src, ':');
	size_t headers = packet_headers_length(packet);
	unsigned char *at = frame->bytes;

	if (headers + packet->payload + packet->padding > FRAME_MAX)
		abort();
	packet_frame_raw(
		packet->from, packet->to, 0, headers + packet->payload + packet->padding, frame);
	if (!packet->no_link)
		at += packet_put_link(packet, v6 ? ETH_P_IPV6 : ETH_P_IP,
			headers - packet_link_length(packet) + packet->payload, frame->bytes);
	at += v6 ? packet_put_ip6(packet, at) : packet_put_ip4(packet, at);
	packet_put_transport(packet, at);
	memset(frame->bytes + headers + packet->payload, 0, packet->padding);
}

#endif
