// SPDX-License-Identifier: GPL-2.0-or-later
/* How many frames and bytes a packet is, with all headers it may have. */
#include "rig.h"

static const struct site home = SITE_HOME;
static const struct site home_ip = {
	.tracked = {"192.168.2.1/24"}, .delegated = {"2001:db8:1::/64"}, .from_ip = true};

struct shape {
	const char *name;
	bool v6;
	struct packet packet; /* without addresses */
};

static const struct shape shapes[] = {
	{"UDP", false, {.payload = 100}},
	{"TCP", false, {.protocol = IPPROTO_TCP, .payload = 1460}},
	{"TCP, no payload", false, {.protocol = IPPROTO_TCP}},
	{"TCP with timestamps", false,
		{.protocol = IPPROTO_TCP, .tcp_options = 12, .payload = 1448}},
	{"ICMP", false, {.protocol = IPPROTO_ICMP, .payload = 64}},
	{"nothing behind the header", false, {.protocol = IPPROTO_ICMP}},
	{"GRE", false, {.protocol = IPPROTO_GRE, .payload = 64}},
	{"an unknown protocol", false, {.protocol = 254, .payload = 1}},
	{"4 bytes of options", false, {.ip_options = 4, .payload = 10}},
	{"40 bytes of options", false, {.ip_options = 40, .payload = 10}},
	{"first fragment", false, {.fragment = 0x2000, .payload = 1472}},
	{"later fragment", false, {.fragment = 0x2000 | 185, .payload = 1480}},
	{"last fragment", false, {.fragment = 370, .payload = 8}},
	{"first fragment with options", false,
		{.fragment = 0x2000, .ip_options = 8, .payload = 1464}},
	{"do not fragment", false, {.fragment = 0x4000, .payload = 3000}},
	{"v6 UDP", true, {.payload = 100}},
	{"v6 TCP", true, {.protocol = IPPROTO_TCP, .tcp_options = 12, .payload = 1428}},
	{"ICMPv6", true, {.protocol = IPPROTO_ICMPV6, .payload = 64}},
	{"nothing behind the v6 header", true, {.protocol = IPPROTO_NONE}},
	{"hop-by-hop", true, {.extension = {{IPPROTO_HOPOPTS, 8}}, .payload = 50}},
	{"routing", true, {.extension = {{IPPROTO_ROUTING, 24}}, .payload = 50}},
	{"destination options", true, {.extension = {{IPPROTO_DSTOPTS, 2048}}, .payload = 50}},
	{"fragment", true, {.extension = {{IPPROTO_FRAGMENT, 8}}, .payload = 1000}},
	{"authentication", true, {.extension = {{IPPROTO_AH, 24}}, .payload = 50}},
	{"three extensions", true,
		{.extension = {{IPPROTO_HOPOPTS, 8}, {IPPROTO_ROUTING, 40}, {IPPROTO_AH, 16}},
			.payload = 50}},
};

/* bytes: from the Ethernet header, or in home_ip from the IP header on. */
static void check(struct rig *rig, const char *name, struct packet packet, bool v6, uint64_t bytes)
{
	for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
		const char *host = v6 ? HOST6 : HOST4;
		struct packet ends = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);

		packet.from = ends.from;
		packet.to = ends.to;
		packet.src = ends.src;
		packet.dst = ends.dst;
		rig_send(rig, name, d, &packet);
		rig_expect(rig, name, &(struct expected){.row = {{HOST, host, d, 1, bytes}}});
	}
}

static size_t length_of(const struct shape *shape)
{
	struct packet packet = shape->packet;

	packet.src = shape->v6 ? HOST6 : HOST4;
	return packet_headers_length(&packet) + packet.payload;
}

static void every_header_counts_into_the_frame(void **state)
{
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		check(&rig, shapes[i].name, shapes[i].packet, shapes[i].v6, length_of(&shapes[i]));
	rig_stop(&rig);
}

static void bytes_from_the_ip_header_leave_out_ethernet(void **state)
{
	struct rig rig;

	rig_start(&rig, state, &home_ip, 64);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		check(&rig, shapes[i].name, shapes[i].packet, shapes[i].v6,
			length_of(&shapes[i]) - ETH_HLEN);
	rig_stop(&rig);
}

#define NOTHING UINT16_MAX /* as payload: not even a header of UDP */

/* What a frame is filled up with to 60 bytes is on the wire, but not IP. */
static void padding_is_frame_but_not_ip(void **state)
{
	static const struct {
		const char *name;
		bool v6;
		uint16_t payload, padding;
	} row[] = {
		{"4 bytes of UDP in 60", false, 4, 14},
		{"no byte of UDP in 60", false, 0, 18},
		{"1 byte short of 60", false, 17, 1},
		{"a trailer on a long frame", false, 1000, 46},
		{"v6 in 64 bytes", true, 0, 2},
		{"v6 with a long trailer", true, 20, 100},
		{"nothing but a v6 header in 60", true, NOTHING, 6},
	};
	struct rig rig;

	for (int from_ip = 0; from_ip < 2; from_ip++) {
		rig_start(&rig, state, from_ip ? &home_ip : &home, 64);
		for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
			struct packet packet = {
				.payload = row[i].payload, .padding = row[i].padding};
			uint64_t ip = (row[i].v6 ? 40 : 20) + 8 + row[i].payload;

			if (row[i].payload == NOTHING) {
				packet.protocol = IPPROTO_NONE;
				packet.payload = 0;
				ip = 40;
			}
			check(&rig, row[i].name, packet, row[i].v6,
				from_ip ? ip : ETH_HLEN + ip + row[i].padding);
		}
		rig_stop(&rig);
	}
}

/*
 * The frame is the truth where the header states none or more than there is. IPv6's may state that
 * nothing follows it, which is a length.
 */
static void a_stated_length_never_exceeds_the_frame(void **state)
{
	static const struct {
		const char *name;
		bool v6;
		int32_t lie;
		uint16_t left_out;
		struct extension extension;
	} row[] = {
		{"one byte too many", false, 1, 0, {0}},
		{"a thousand too many", false, 1000, 0, {0}},
		{"65,535", false, 65535 - 128, 0, {0}},
		{"0", false, -128, 0, {0}},
		{"v6, one byte too many", true, 1, 0, {0}},
		{"v6, 65,535", true, 65535 - 108, 0, {0}},
		{"v6, 0", true, -108, 108, {0}},
		{"v6, 0, hop-by-hop", true, -116, 0, {IPPROTO_HOPOPTS, 8}},
		{"v6, 0, routing", true, -116, 116, {IPPROTO_ROUTING, 8}},
	};
	struct rig rig;

	for (int from_ip = 0; from_ip < 2; from_ip++) {
		rig_start(&rig, state, from_ip ? &home_ip : &home, 64);
		for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
			struct packet packet = {
				.payload = 100, .lie = row[i].lie, .extension = {row[i].extension}};
			uint64_t ip = (row[i].v6 ? 40 : 20) + row[i].extension.bytes + 8 + 100;

			check(&rig, row[i].name, packet, row[i].v6,
				from_ip ? ip - row[i].left_out : ETH_HLEN + ip);
		}
		rig_stop(&rig);
	}
}

/* The EtherType decides. The receiver will drop such a packet, but it was on the wire. */
static void a_wrong_version_or_header_length_counts_all_the_same(void **state)
{
	static const unsigned char first[] = {0x00, 0x05, 0x44, 0x4f, 0x65, 0x45, 0x60, 0xff};
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(first); i++)
		for (int v6 = 0; v6 < 2; v6++)
			for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
				const char *host = v6 ? HOST6 : HOST4;
				struct packet packet =
					packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
				struct frame frame;

				packet.payload = 100;
				packet_frame(&packet, &frame);
				frame.bytes[ETH_HLEN] = first[i];
				rig_run(&rig, "a wrong first byte", d, &frame, &packet, 1);
				rig_expect(&rig, "a wrong first byte",
					&(struct expected){
						.row = {{HOST, host, d, 1, frame.length}}});
			}
	rig_stop(&rig);
}

/* A card fills it up to 60 bytes, behind us; one that comes in has been filled up. */
static void a_short_frame_counts_as_it_is_handed_over(void **state)
{
	struct packet down = packet_between(MZ_DOWNLOAD, HOST4, REMOTE4);
	struct packet up = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	up.padding = 60 - 42;
	rig_send(&rig, "a short download", MZ_DOWNLOAD, &down);
	rig_send(&rig, "a short upload", MZ_UPLOAD, &up);
	rig_expect(&rig, "short frames",
		&(struct expected){.row = {{HOST, HOST4, MZ_DOWNLOAD, 1, 42},
					   {HOST, HOST4, MZ_UPLOAD, 1, 60}}});
	rig_stop(&rig);
}

static void packets_add_up(void **state)
{
	struct packet up = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	struct packet down = packet_between(MZ_DOWNLOAD, HOST4, REMOTE4);
	uint64_t up_bytes = 0, down_bytes = 0;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (uint16_t i = 0; i < 100; i++) {
		up.payload = i;
		down.payload = (uint16_t)(10 * i);
		rig_send(&rig, "upload", MZ_UPLOAD, &up);
		rig_send(&rig, "download", MZ_DOWNLOAD, &down);
		rig_send(&rig, "download", MZ_DOWNLOAD, &down);
		up_bytes += UINT64_C(42) + up.payload;
		down_bytes += 2 * (UINT64_C(42) + down.payload);
	}
	rig_expect(&rig, "a conversation",
		&(struct expected){.row = {{HOST, HOST4, MZ_UPLOAD, 100, up_bytes},
					   {HOST, HOST4, MZ_DOWNLOAD, 200, down_bytes}}});
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_header_counts_into_the_frame),
		cmocka_unit_test(bytes_from_the_ip_header_leave_out_ethernet),
		cmocka_unit_test(padding_is_frame_but_not_ip),
		cmocka_unit_test(a_stated_length_never_exceeds_the_frame),
		cmocka_unit_test(a_wrong_version_or_header_length_counts_all_the_same),
		cmocka_unit_test(a_short_frame_counts_as_it_is_handed_over),
		cmocka_unit_test(packets_add_up),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
