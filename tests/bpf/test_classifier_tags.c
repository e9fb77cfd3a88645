// SPDX-License-Identifier: GPL-2.0-or-later
/* VLAN tags and PPPoE headers within a frame, and BIG TCP. */
#include "rig.h"

#define PPP_IP	 0x0021
#define PPP_IPV6 0x0057

static const struct site home = SITE_HOME, from_ip = {.tracked = {"192.168.2.1/24"},
						   .delegated = {"2001:db8:1::/64"},
						   .from_ip = true};

/* Sends a packet each way in both families. link: bytes counted before the IP header; -1: none. */
static void check_link(
	struct rig *rig, const char *name, const struct packet *wrapping, ssize_t link)
{
	for (int v6 = 0; v6 < 2; v6++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
			struct expected expected = {0};

			memcpy(packet.tag, wrapping->tag, sizeof(packet.tag));
			packet.outer_tpid = wrapping->outer_tpid;
			packet.pppoe = wrapping->pppoe && v6 ? PPP_IPV6 : wrapping->pppoe;
			packet.protocol = IPPROTO_TCP;
			packet.gso_size = wrapping->gso_size;
			packet.gso_segs = wrapping->gso_segs;
			packet.payload = packet.gso_size ? (uint16_t)(packet.gso_size * 2 + 1) : 99;
			if (link >= 0) {
				size_t frames = packet.gso_size ? 3 : 1;
				size_t headers = packet_headers_length(&packet) -
						 packet_link_length(&packet) + (size_t)link;

				expected.row[0] = (struct expected_row){
					HOST, host, d, frames, frames * headers + packet.payload};
			}
			rig_send(rig, name, d, &packet);
			rig_expect(rig, name, &expected);
		}
}

static void tags_of_any_kind_are_part_of_the_frame(void **state)
{
	static const struct {
		const char *name;
		struct packet wrapping;
		ssize_t link;
	} frames[] = {
		{"no tag", {0}, 14},
		{"one tag", {.tag = {10}}, 18},
		{"the highest VLAN, with a priority", {.tag = {0xeffe}}, 18},
		{"a priority alone", {.tag = {0xe000}}, 18},
		{"802.1ad", {.tag = {10}, .outer_tpid = ETH_P_8021AD}, 18},
		{"two tags", {.tag = {10, 20}}, 22},
		{"802.1ad and 802.1Q", {.tag = {10, 20}, .outer_tpid = ETH_P_8021AD}, 22},
		{"three tags", {.tag = {10, 20, 30}}, 26},
		{"PPPoE", {.pppoe = PPP_IP}, 22},
		{"PPPoE in a VLAN", {.tag = {10}, .pppoe = PPP_IP}, 26},
		{"PPPoE in two VLANs", {.tag = {10, 20}, .pppoe = PPP_IP}, 30},
		{"a super-packet", {.gso_size = 500}, 14},
		{"a super-packet in a VLAN", {.tag = {10}, .gso_size = 500}, 18},
		{"a super-packet in two VLANs", {.tag = {10, 20}, .gso_size = 500}, 22},
		{"a super-packet in PPPoE", {.pppoe = PPP_IP, .gso_size = 500}, 22},
		{"a super-packet, counted", {.tag = {10}, .gso_size = 500, .gso_segs = 3}, 18},
	};
	struct packet lcp = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		check_link(&rig, frames[i].name, &frames[i].wrapping, frames[i].link);
	lcp.pppoe = 0xc021;
	rig_send(&rig, "not IP in PPPoE", MZ_UPLOAD, &lcp);
	rig_expect_nothing(&rig, "not IP in PPPoE");
	rig_place(&rig, &from_ip, &(struct mz_settings){0});
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		check_link(&rig, frames[i].name, &frames[i].wrapping, 0);
	rig_stop(&rig);
}

static void only_the_frames_of_the_tracked_vlan_count(void **state)
{
	static const struct mz_settings
		vlan = {.tag_count = 1, .tag = {10}},
		stacked = {.tag_count = 2, .tag = {10, 20}},
		port = {.tag_count = 1, .tag = {10}, .pvid = 10},
		other_port = {.tag_count = 1, .tag = {10}, .pvid = 1},
		below_port = {.tag_count = 2, .tag = {8, 10}, .pvid = 10, .port_tags = 1},
		below_other = {.tag_count = 2, .tag = {8, 10}, .pvid = 1, .port_tags = 1},
		above = {.vlan_count = 2, .vlan = {10, 30}},
		above_port = {.vlan_count = 1, .vlan = {10}, .pvid = 10},
		above_vlan = {.tag_count = 1, .tag = {10}, .vlan_count = 1, .vlan = {20}};
	static const struct {
		const char *name;
		const struct mz_settings *place;
		uint16_t tag[4];
		ssize_t link;
	} frames[] = {
		{"its tag", &vlan, {10}, 14},
		{"its tag and a priority", &vlan, {0x600a}, 14},
		{"another tag", &vlan, {11}, -1},
		{"no tag", &vlan, {0}, -1},
		{"a priority alone", &vlan, {0x6000}, -1},
		{"a further tag", &vlan, {10, 20}, 18},
		{"its tag within", &vlan, {20, 10}, -1},
		{"both tags", &stacked, {10, 20}, 14},
		{"both tags and one more", &stacked, {10, 20, 30}, 18},
		{"the outer one alone", &stacked, {10}, -1},
		{"another one within", &stacked, {10, 21}, -1},
		{"an untagged port, no tag", &port, {0}, 14},
		{"an untagged port, a priority", &port, {0x6000}, 18},
		{"an untagged port, its tag", &port, {10}, 14},
		{"an untagged port, another tag", &port, {11}, -1},
		{"a port of another VLAN, no tag", &other_port, {0}, -1},
		{"a port of another VLAN, its tag", &other_port, {10}, 14},
		{"below an untagged port, the port's tag", &below_port, {8}, 14},
		{"below an untagged port, both tags", &below_port, {8, 10}, 14},
		{"below an untagged port, another tag", &below_port, {8, 11}, -1},
		{"below an untagged port, the inner tag", &below_port, {10}, -1},
		{"below an untagged port, no tag", &below_port, {0}, -1},
		{"below a port of another VLAN, the port's tag", &below_other, {8}, -1},
		{"below a port of another VLAN, both tags", &below_other, {8, 10}, 14},
		{"no VLAN", &above, {0}, 14},
		{"a VLAN that is tracked on its own", &above, {10}, -1},
		{"a second one", &above, {30}, -1},
		{"a VLAN that is not", &above, {20}, 18},
		{"a tracked one within one that is not", &above, {20, 10}, 22},
		{"a port that is untagged in a tracked one", &above_port, {0}, -1},
		{"one within the tracked VLAN", &above_vlan, {10, 20}, -1},
		{"none within the tracked VLAN", &above_vlan, {10}, 14},
	};
	struct rig rig;

	rig_open(&rig, state, 64);
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		struct packet wrapping = {0};

		memcpy(wrapping.tag, frames[i].tag, sizeof(wrapping.tag));
		if (i == 0 || frames[i].place != frames[i - 1].place)
			rig_place(&rig, &home, frames[i].place);
		check_link(&rig, frames[i].name, &wrapping, frames[i].link);
		wrapping.gso_size = 500;
		check_link(&rig, frames[i].name, &wrapping, frames[i].link);
	}
	rig_stop(&rig);
}

static void cut_headers_are_left_alone(void **state)
{
	struct packet packet = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	struct frame frame;
	struct rig rig;

	packet.tag[0] = 10;
	packet.tag[1] = 20;
	packet.pppoe = PPP_IP;
	rig_start(&rig, state, &home, 64);
	packet_frame(&packet, &frame);
	frame.length = packet_link_length(&packet) + sizeof(struct iphdr) - 1;
	rig_run(&rig, "an IP header cut behind tags", MZ_UPLOAD, &frame, NULL, 1);
	rig_expect(&rig, "an IP header cut behind tags",
		&(struct expected){.unattributed[MZ_UPLOAD][MZ_MALFORMED] = {frame.length, 1}});
	rig_stop(&rig);
}

/* Only in a super-packet beyond 64 kB is it the kernel's own, which never leaves it. */
static void a_jumbo_header_of_the_sender_is_on_the_wire(void **state)
{
	struct packet packet = packet_between(MZ_DOWNLOAD, HOST6, REMOTE6);
	struct expected expected;
	struct rig rig;

	packet.protocol = IPPROTO_TCP;
	packet.extension[0] = (struct extension){IPPROTO_HOPOPTS, 8};
	packet.jumbo = true;
	packet.payload = 2000;
	packet.lie = -(8 + 20 + 2000); /* the length field is 0 */
	expected = (struct expected){
		.row = {{HOST, HOST6, MZ_DOWNLOAD, 4, 4 * packet_headers_length(&packet) + 2000}}};
	rig_start(&rig, state, &home, 64);
	packet.gso_size = 500;
	rig_send(&rig, "a super-packet", MZ_DOWNLOAD, &packet);
	rig_expect(&rig, "a super-packet", &expected);
	packet.gso_segs = 4;
	rig_send(&rig, "a super-packet, counted", MZ_DOWNLOAD, &packet);
	rig_expect(&rig, "a super-packet, counted", &expected);
	packet.gso_size = packet.gso_segs = 0;
	expected.row[0].packets = 1;
	expected.row[0].bytes = packet_headers_length(&packet) + 2000;
	rig_send(&rig, "a true jumbogram", MZ_DOWNLOAD, &packet);
	rig_expect(&rig, "a true jumbogram", &expected);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_of_any_kind_are_part_of_the_frame),
		cmocka_unit_test(only_the_frames_of_the_tracked_vlan_count),
		cmocka_unit_test(cut_headers_are_left_alone),
		cmocka_unit_test(a_jumbo_header_of_the_sender_is_on_the_wire),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
