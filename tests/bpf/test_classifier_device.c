// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier on a device: headers cut anywhere, headers outside the part of a packet that a
 * program may read directly, tags that the kernel keeps beside the packet, and no link layer.
 */
#include "device.h"

static const struct site home = SITE_HOME;
static const struct site home_ip = {
	.tracked = {"192.168.2.1/24"}, .delegated = {"2001:db8:1::/64"}, .from_ip = true};

static void a_header_cut_anywhere_is_unattributed(void **state)
{
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig, IFF_TAP);
	for (int v6 = 0; v6 < 2; v6++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
			size_t whole = ETH_HLEN + (v6 ? 40 : 20);
			struct frame frame;

			packet_frame(&packet, &frame);
			for (frame.length = ETH_HLEN; frame.length <= whole; frame.length++) {
				struct expected expected = {0};
				char name[64];

				snprintf(name, sizeof(name), "%zu bytes of IPv%d", frame.length,
					v6 ? 6 : 4);
				if (frame.length < whole)
					expected.unattributed[d][MZ_MALFORMED] =
						(struct mz_volume){frame.length, 1};
				else
					expected.row[0] = (struct expected_row){
						HOST, host, d, 1, frame.length};
				device_send(&device, name, d, &packet, &frame, 0);
				rig_expect(&rig, name, &expected);
			}
		}
	device_stop(&device);
	rig_stop(&rig);
}

/* A whole frame of which a program may read the first linear bytes only. */
static void check_linear(struct rig *rig, const struct device *device, bool v6, size_t linear)
{
	for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
		const char *host = v6 ? HOST6 : HOST4;
		struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
		struct frame frame;
		char name[64];

		packet.payload = 9000; /* less than a page would be laid in one piece */
		packet.to = d == MZ_UPLOAD ? ROUTER : HOST;
		packet_frame(&packet, &frame);
		snprintf(name, sizeof(name), "%zu linear bytes of IPv%d", linear, v6 ? 6 : 4);
		device_send(device, name, d, &packet, &frame, linear);
		rig_expect(
			rig, name, &(struct expected){.row = {{HOST, host, d, 1, frame.length}}});
	}
}

static void headers_in_another_page_are_read(void **state)
{
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig, IFF_TAP);
	for (size_t linear = ETH_HLEN; linear < ETH_HLEN + 50; linear++) {
		check_linear(&rig, &device, false, linear);
		check_linear(&rig, &device, true, linear);
	}
	device_stop(&device);
	rig_stop(&rig);
}

/* What a guest or a client with large sends hands over: gso_size, and no count of segments. */
static void a_super_packet_without_a_count_counts_as_its_frames(void **state)
{
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig, IFF_TAP);
	for (int v6 = 0; v6 < 2; v6++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
			const char *name = v6 ? "v6 super-packet" : "super-packet";
			uint64_t headers;
			struct frame frame;

			packet.protocol = IPPROTO_TCP;
			packet.tcp_options = 12;
			packet.payload = 9 * 1400 + 1;
			packet.gso_size = 1400;
			headers = packet_headers_length(&packet);
			packet_frame(&packet, &frame);
			device_send(&device, name, d, &packet, &frame, headers);
			rig_expect(&rig, name,
				&(struct expected){.row = {{HOST, host, d, 10,
							   packet.payload + 10 * headers}}});
		}
	device_stop(&device);
	rig_stop(&rig);
}

/* BIG TCP: the kernel takes it off again, of a super-packet of more than 64 kB. */
static void the_kernels_jumbo_header_is_not_on_the_wire(void **state)
{
	enum { HEADERS = 14 + 40 + 8 + 20, SIZE = 32760 };
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig, IFF_TAP);
	for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++)
		for (unsigned beyond = 0; beyond < 2; beyond++) {
			struct packet packet = packet_between(d, HOST6, REMOTE6);
			struct frame frame;

			packet.protocol = IPPROTO_TCP;
			packet.extension[0] = (struct extension){IPPROTO_HOPOPTS, 8};
			packet.jumbo = true;
			packet.payload = (uint16_t)(65536 - HEADERS + beyond);
			packet.lie = -(8 + 20 + packet.payload);
			packet.gso_size = SIZE;
			packet_frame(&packet, &frame);
			device_send(&device, "BIG TCP", d, &packet, &frame, HEADERS);
			rig_expect(&rig, "BIG TCP",
				&(struct expected){
					.row = {{HOST, HOST6, d, 2,
						packet.payload + 2 * (HEADERS - 8 * beyond)}}});
		}
	device_stop(&device);
	rig_stop(&rig);
}

/*
 * Of UDP, a guest hands over one datagram, of which fragments are made (UFO), or many in one (USO).
 * Sizes are of what follows the IP header in a fragment, and the UDP header in a datagram.
 */
static void a_super_packet_of_udp_counts_as_its_frames(void **state)
{
	static const struct {
		uint16_t payload, size;
		bool datagrams, v6;
		unsigned frames, bytes; /* on the wire */
	} row[] = {
		{2952, 1480, false, false, 2, 2952 + 8 + 2 * 34}, /* two full fragments */
		{2953, 1480, false, false, 3, 2953 + 8 + 3 * 34},
		{9000, 1480, false, false, 7, 9000 + 8 + 7 * 34},
		{1473, 1480, false, false, 2, 1473 + 8 + 2 * 34},
		{2888, 1448, false, true, 2, 2888 + 8 + 2 * 62}, /* with a header each */
		{2889, 1448, false, true, 3, 2889 + 8 + 3 * 62},
		{9000, 1448, false, true, 7, 9000 + 8 + 7 * 62},
		{2960, 1480, true, false, 2, 2960 + 2 * 42},
		{2961, 1480, true, false, 3, 2961 + 3 * 42},
		{2896, 1448, true, true, 2, 2896 + 2 * 62},
		{9000, 1452, true, true, 7, 9000 + 7 * 62},
	};
	struct device device;
	struct rig rig;

	for (int from_ip = 0; from_ip < 2; from_ip++) {
		rig_start(&rig, state, from_ip ? &home_ip : &home, 64);
		device_start(&device, &rig, IFF_TAP);
		for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
			for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
				const char *host = row[i].v6 ? HOST6 : HOST4;
				struct packet packet =
					packet_between(d, host, row[i].v6 ? REMOTE6 : REMOTE4);
				unsigned bytes =
					row[i].bytes - (from_ip ? ETH_HLEN * row[i].frames : 0);
				struct frame frame;
				char name[64];

				packet.payload = row[i].payload;
				packet.gso_size = row[i].size;
				packet.datagrams = row[i].datagrams;
				if (packet.datagrams && !device_knows_datagrams())
					continue;
				packet_frame(&packet, &frame);
				snprintf(name, sizeof(name), "%u bytes of UDP as %s by %u",
					row[i].payload,
					row[i].datagrams ? "datagrams" : "fragments", row[i].size);
				device_send(&device, name, d, &packet, &frame, 0);
				rig_expect(&rig, name,
					&(struct expected){
						.row = {{HOST, host, d, row[i].frames, bytes}}});
			}
		device_stop(&device);
		rig_stop(&rig);
	}
}

/* As a macvlan above has it, for a virtual router: such a frame looks overheard. */
static void what_is_for_another_mac_of_the_router_is_counted(void **state)
{
	static const char *const hosts[] = {HOST4, HOST6}, *const remotes[] = {REMOTE4, REMOTE6};
	struct mz_settings place = {.place = MZ_ALONE, .mac_count = 2};
	struct device device;
	struct rig rig;

	rig_open(&rig, state, 64);
	packet_mac(ROUTER, place.mac[0].byte);
	packet_mac(OTHER, place.mac[1].byte);
	rig_place(&rig, &home, &place);
	device_start(&device, &rig, IFF_TAP);
	for (int i = 0; i < 2; i++) {
		struct packet packet = packet_between(MZ_UPLOAD, hosts[i], remotes[i]);
		struct frame frame;

		packet.to = OTHER;
		packet_frame(&packet, &frame);
		device_send(
			&device, "a frame for the virtual router", MZ_UPLOAD, &packet, &frame, 0);
		rig_expect(&rig, "a frame for the virtual router",
			&(struct expected){.row = {{HOST, hosts[i], MZ_UPLOAD, 1, frame.length}}});
		packet.to = HOST;
		packet_frame(&packet, &frame);
		device_send(&device, "a frame for a host", MZ_UPLOAD, &packet, &frame, 0);
		rig_expect_nothing(&rig, "a frame for a host");
	}
	device_stop(&device);
	rig_stop(&rig);
}

static void what_is_overheard_is_not_counted(void **state)
{
	struct packet packet = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	struct frame frame;
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig, IFF_TAP);
	packet.to = OTHER;
	packet_frame(&packet, &frame);
	device_send(&device, "a frame for another", MZ_UPLOAD, &packet, &frame, 0);
	rig_expect_nothing(&rig, "a frame for another");
	frame.length = ETH_HLEN + 10;
	device_send(&device, "a cut frame for another", MZ_UPLOAD, &packet, &frame, 0);
	rig_expect_nothing(&rig, "a cut frame for another");
	device_stop(&device);
	rig_stop(&rig);
}

/*
 * The kernel takes the outer tag out of a packet that comes in; one that goes out has it within.
 * place: with a tag that is not part of the tracked interface's frames.
 */
static void check_tags(
	struct rig *rig, const struct device *device, const struct mz_settings *place)
{
	static const uint16_t tags[][4] = {{10}, {10, 20}, {10, 20, 30}, {0}, {11}};

	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
			struct packet packet = packet_between(d, HOST4, REMOTE4);
			struct expected expected = {0};
			struct frame frame;
			char name[64];

			snprintf(name, sizeof(name), "tag %u, then %u", tags[i][0], tags[i][1]);
			memcpy(packet.tag, tags[i], sizeof(packet.tag));
			packet_frame(&packet, &frame);
			if (!place->tag_count || tags[i][0] == place->tag[0])
				expected.row[0] = (struct expected_row){
					HOST, HOST4, d, 1, frame.length - 4 * place->tag_count};
			device_send(device, name, d, &packet, &frame, 0);
			rig_expect(rig, name, &expected);
		}
}

static void tags_beside_the_packet_count_as_those_within(void **state)
{
	static const struct mz_settings places[] = {{0}, {.tag_count = 1, .tag = {10}}};
	struct mz_settings settings;
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		rig_unload(&rig);
		site_settings(&home, RIG_NET, &settings);
		settings.tag_count = places[i].tag_count;
		memcpy(settings.tag, places[i].tag, sizeof(settings.tag));
		assert_int_equal(classifier_load(&rig.maps, &settings, rig.program), 0);
		device_start(&device, &rig, IFF_TAP);
		check_tags(&rig, &device, &places[i]);
		device_stop(&device);
	}
	rig_stop(&rig);
}

static void without_link_layer_an_address_is_the_host(void **state)
{
	struct mz_settings settings;
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	rig_unload(&rig);
	site_settings(&home, RIG_NET, &settings);
	settings.no_link = true;
	assert_int_equal(classifier_load(&rig.maps, &settings, rig.program), 0);
	device_start(&device, &rig, IFF_TUN);
	for (int v6 = 0; v6 < 2; v6++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++)
			for (int super = 0; super < 2; super++) {
				const char *host = v6 ? HOST6 : HOST4;
				struct packet packet =
					packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
				struct frame frame;

				packet.no_link = true;
				packet.protocol = IPPROTO_TCP;
				packet.payload = super ? 5 * 1000 : 100;
				packet.gso_size = super ? 1000 : 0;
				packet_frame(&packet, &frame);
				device_send(&device, "without link layer", d, &packet, &frame, 0);
				rig_expect(&rig, "without link layer",
					&(struct expected){.row = {{"00:00:00:00:00:00", host, d,
								   super ? 5 : 1,
								   packet_headers_length(&packet) *
										   (super ? 5 : 1) +
									   packet.payload}}});
			}
	device_stop(&device);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_cut_anywhere_is_unattributed),
		cmocka_unit_test(headers_in_another_page_are_read),
		cmocka_unit_test(a_super_packet_without_a_count_counts_as_its_frames),
		cmocka_unit_test(the_kernels_jumbo_header_is_not_on_the_wire),
		cmocka_unit_test(a_super_packet_of_udp_counts_as_its_frames),
		cmocka_unit_test(what_is_for_another_mac_of_the_router_is_counted),
		cmocka_unit_test(what_is_overheard_is_not_counted),
		cmocka_unit_test(tags_beside_the_packet_count_as_those_within),
		cmocka_unit_test(without_link_layer_an_address_is_the_host),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
