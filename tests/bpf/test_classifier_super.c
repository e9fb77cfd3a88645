// SPDX-License-Identifier: GPL-2.0-or-later
/* Super-packets of GRO and GSO: counted as the frames they are on the wire. */
#include "rig.h"

static const struct site home = SITE_HOME;
static const struct site home_ip = {
	.tracked = {"192.168.2.1/24"}, .delegated = {"2001:db8:1::/64"}, .from_ip = true};

struct shape {
	const char *name;
	bool v6;
	struct packet packet; /* without addresses and segments */
};

static const struct shape shapes[] = {
	{"TCP", false, {.protocol = IPPROTO_TCP}},
	{"TCP with timestamps", false, {.protocol = IPPROTO_TCP, .tcp_options = 12}},
	{"TCP with all options", false, {.protocol = IPPROTO_TCP, .tcp_options = 40}},
	{"TCP behind IP options", false,
		{.protocol = IPPROTO_TCP, .ip_options = 40, .tcp_options = 12}},
	{"UDP", false, {.protocol = IPPROTO_UDP}},
	{"UDP behind IP options", false, {.protocol = IPPROTO_UDP, .ip_options = 4}},
	{"another protocol", false, {.protocol = IPPROTO_ESP}},
	{"v6 TCP", true, {.protocol = IPPROTO_TCP}},
	{"v6 TCP with timestamps", true, {.protocol = IPPROTO_TCP, .tcp_options = 12}},
	{"v6 UDP", true, {.protocol = IPPROTO_UDP}},
	{"another protocol of v6", true, {.protocol = IPPROTO_ESP}},
	{"hop-by-hop", true, {.protocol = IPPROTO_TCP, .extension = {{IPPROTO_HOPOPTS, 8}}}},
	{"routing", true, {.protocol = IPPROTO_TCP, .extension = {{IPPROTO_ROUTING, 40}}}},
	{"destination options", true,
		{.protocol = IPPROTO_UDP, .extension = {{IPPROTO_DSTOPTS, 256}}}},
	{"fragment", true, {.protocol = IPPROTO_UDP, .extension = {{IPPROTO_FRAGMENT, 8}}}},
	{"authentication", true, {.protocol = IPPROTO_TCP, .extension = {{IPPROTO_AH, 24}}}},
	{"authentication, long", true, {.protocol = IPPROTO_TCP, .extension = {{IPPROTO_AH, 76}}}},
	{"eight extensions", true,
		{.protocol = IPPROTO_TCP,
			.tcp_options = 12,
			.extension = {{IPPROTO_HOPOPTS, 16}, {IPPROTO_DSTOPTS, 8},
				{IPPROTO_ROUTING, 24}, {IPPROTO_FRAGMENT, 8}, {IPPROTO_AH, 24},
				{IPPROTO_AH, 20}, {IPPROTO_DSTOPTS, 32}, {IPPROTO_DSTOPTS, 8}}}},
};

static const struct {
	uint16_t payload, gso_size;
} segments[] = {
	{2, 1}, {600, 300}, /* two full frames */
	{601, 300},	    /* and one byte more */
	{2399, 1200},	    /* the last one byte short */
	{2000, 1999},	    /* the last of one byte */
	{2800, 100},	    /* many */
};

/*
 * What the wire carries: cuts the payload as a network card does. Without a count, UDP is one
 * datagram, whose header is a part of what is cut; each of IPv6's fragments has a header for that.
 */
static struct mz_volume cut(const struct packet *packet)
{
	struct mz_volume wire = {0};
	unsigned rest = packet->payload;
	size_t headers = packet_headers_length(packet);

	if (packet_protocol(packet) == IPPROTO_UDP && !packet->gso_segs) {
		rest += sizeof(struct udphdr);
		headers -= sizeof(struct udphdr);
		headers += strchr(packet->src, ':') ? 8 : 0;
	}
	while (rest) {
		unsigned size = rest < packet->gso_size ? rest : packet->gso_size;

		wire.bytes += headers + size;
		wire.packets++;
		rest -= size;
	}
	return wire;
}

static void check(
	struct rig *rig, const struct shape *shape, const struct mz_volume *expected, bool from_ip)
{
	const char *host = shape->v6 ? HOST6 : HOST4;

	for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
		struct packet ends = packet_between(d, host, shape->v6 ? REMOTE6 : REMOTE4);
		struct packet packet = shape->packet;
		struct mz_volume wire;
		char name[128];

		packet.from = ends.from;
		packet.to = ends.to;
		packet.src = ends.src;
		packet.dst = ends.dst;
		wire = expected ? *expected : cut(&packet);
		if (from_ip)
			wire.bytes -= ETH_HLEN * wire.packets;
		snprintf(name, sizeof(name), "%s: %u bytes by %u, %u segments", shape->name,
			packet.payload, packet.gso_size, packet.gso_segs);
		rig_send(rig, name, d, &packet);
		rig_expect(rig, name,
			&(struct expected){.row = {{HOST, host, d, wire.packets, wire.bytes}}});
	}
}

static void check_all(void *const *state, const struct site *site)
{
	struct rig rig;

	rig_start(&rig, state, site, 64);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		for (size_t j = 0; j < sizeof(segments) / sizeof(*segments); j++) {
			struct shape shape = shapes[i];

			shape.packet.payload = segments[j].payload;
			shape.packet.gso_size = segments[j].gso_size;
			shape.packet.gso_segs =
				(uint16_t)((segments[j].payload + segments[j].gso_size - 1) /
					   segments[j].gso_size);
			check(&rig, &shape, NULL, site->from_ip);
			/* what comes through tap does not say how many */
			shape.packet.gso_segs = 0;
			check(&rig, &shape, NULL, site->from_ip);
		}
	rig_stop(&rig);
}

static void a_super_packet_counts_as_its_frames(void **state)
{
	check_all(state, &home);
}

static void a_super_packet_counts_as_its_ip_packets(void **state)
{
	check_all(state, &home_ip);
}

/* Only of plain packets does the length in the IP header exclude padding. */
static void the_stated_length_of_a_super_packet_does_not_count(void **state)
{
	static const struct shape shape[] = {
		{"the length of a segment", false,
			{.protocol = IPPROTO_TCP,
				.payload = 2800,
				.lie = -2000,
				.gso_size = 800,
				.gso_segs = 4}},
		{"no length, larger than the header can say", false,
			{.protocol = IPPROTO_TCP, .payload = 2800, .lie = -2840, .gso_size = 800}},
		{"the length of a v6 segment", true,
			{.protocol = IPPROTO_TCP,
				.payload = 2800,
				.lie = -2000,
				.gso_size = 800,
				.gso_segs = 4}},
		{"no v6 length", true,
			{.protocol = IPPROTO_TCP, .payload = 2800, .lie = -2820, .gso_size = 800}},
	};
	struct rig rig;

	for (int from_ip = 0; from_ip < 2; from_ip++) {
		rig_start(&rig, state, from_ip ? &home_ip : &home, 64);
		for (size_t i = 0; i < sizeof(shape) / sizeof(*shape); i++)
			check(&rig, &shape[i], NULL, from_ip);
		rig_stop(&rig);
	}
}

static void borders_of_segment_counts(void **state)
{
	static const struct {
		struct shape shape;
		struct mz_volume wire;
	} row[] = {
		{{"one segment", false,
			 {.protocol = IPPROTO_TCP,
				 .payload = 500,
				 .gso_size = 1448,
				 .gso_segs = 1}},
			{554, 1}},
		{{"a size larger than the payload", false,
			 {.protocol = IPPROTO_TCP, .payload = 500, .gso_size = 1448}},
			{554, 1}},
		{{"a size of all the payload", false,
			 {.protocol = IPPROTO_TCP, .payload = 500, .gso_size = 500}},
			{554, 1}},
		{{"no payload", false, {.protocol = IPPROTO_TCP, .gso_size = 500}}, {54, 1}},
		{{"no payload of v6", true, {.protocol = IPPROTO_TCP, .gso_size = 500}}, {74, 1}},
		{{"a count without a size is no super-packet", false,
			 {.protocol = IPPROTO_TCP, .payload = 500, .gso_segs = 1}},
			{554, 1}},
		{{"SCTP, whose size says nothing", false,
			 {.protocol = IPPROTO_SCTP,
				 .payload = 900,
				 .gso_size = 0xffff,
				 .gso_segs = 3}},
			{900 + 3 * (14 + 20 + 12), 3}},
		{{"SCTP of v6", true,
			 {.protocol = IPPROTO_SCTP,
				 .payload = 900,
				 .gso_size = 0xffff,
				 .gso_segs = 3}},
			{900 + 3 * (14 + 40 + 12), 3}},
		{{"SCTP without a count", false,
			 {.protocol = IPPROTO_SCTP, .payload = 900, .gso_size = 0xffff}},
			{946, 1}},
		{{"the most segments", true,
			 {.protocol = IPPROTO_TCP,
				 .payload = 700,
				 .gso_size = 536,
				 .gso_segs = 65535}},
			{700 + 65535 * 74, 65535}},
	};
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		check(&rig, &row[i].shape, &row[i].wire, false);
	rig_stop(&rig);
}

/*
 * A transport header that ends with the frame is no reason to lose it, nor to make up frames. segs:
 * as many as are counted, or 0, which is one frame here.
 */
static void check_cut_transport(struct rig *rig, bool v6, uint8_t protocol, uint16_t segs)
{
	struct packet packet =
		packet_between(MZ_UPLOAD, v6 ? HOST6 : HOST4, v6 ? REMOTE6 : REMOTE4);
	struct frame frame;
	struct tally tally;
	size_t whole;

	packet.protocol = protocol;
	packet.tcp_options = 40; /* more than is there, by more than one segment */
	packet.gso_size = 13;
	packet.gso_segs = segs;
	packet_frame(&packet, &frame);
	whole = frame.length;
	frame.length -= packet_transport_length(&packet);
	for (; frame.length < whole; frame.length++) {
		rig_run(rig, "a cut transport header", MZ_UPLOAD, &frame, &packet, 1);
		tally_init(&tally);
		rig_read(rig, &tally);
		assert_int_equal(tally.count, 1);
		assert_int_equal(tally.rows[0].counts.packets[MZ_UPLOAD], segs ? segs : 1);
		assert_true(tally.rows[0].counts.bytes[MZ_UPLOAD] >= frame.length);
		assert_true(tally.rows[0].counts.bytes[MZ_UPLOAD] <= (segs ? segs : 1) * whole);
		tally_finish(&tally);
		rig_clear(rig);
	}
}

static void a_super_packet_with_a_cut_transport_header_is_counted(void **state)
{
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (int v6 = 0; v6 < 2; v6++)
		for (uint16_t segs = 0; segs < 3; segs++) {
			check_cut_transport(&rig, v6, IPPROTO_TCP, segs);
			check_cut_transport(&rig, v6, IPPROTO_UDP, segs);
		}
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_super_packet_counts_as_its_frames),
		cmocka_unit_test(a_super_packet_counts_as_its_ip_packets),
		cmocka_unit_test(the_stated_length_of_a_super_packet_does_not_count),
		cmocka_unit_test(borders_of_segment_counts),
		cmocka_unit_test(a_super_packet_with_a_cut_transport_header_is_counted),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
