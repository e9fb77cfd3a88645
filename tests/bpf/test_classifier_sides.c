// SPDX-License-Identifier: GPL-2.0-or-later
/* Which hook counts a packet, in which direction, and for which machine. */
#include "rig.h"

#define ROUTER4	 "192.168.2.1"
#define ROUTER4B "192.168.2.2"
#define ROUTER6	 "2001:db8:1::1"
#define ROUTER6B "2001:db8:1::2"
#define SPARE4	 "192.168.2.11"
#define SPARE6	 "2001:db8:1:0:a::11"
#define WAN4	 "203.0.113.9"

static const struct site home = SITE_HOME;

/* A packet at one hook, and the host it is attributed to; mac NULL: none. */
struct frame_case {
	const char *name;
	enum mz_direction hook;
	const char *from, *to, *src, *dst;
	const char *mac, *addr;
	enum mz_direction direction;
};

#define NOBODY NULL, NULL, MZ_UPLOAD

static const struct frame_case counted[] = {
	{"upload at ingress", MZ_UPLOAD, HOST, ROUTER, HOST4, REMOTE4, HOST, HOST4, MZ_UPLOAD},
	{"download at egress", MZ_DOWNLOAD, ROUTER, HOST, REMOTE4, HOST4, HOST, HOST4, MZ_DOWNLOAD},
	{"v6 upload at ingress", MZ_UPLOAD, HOST, ROUTER, HOST6, REMOTE6, HOST, HOST6, MZ_UPLOAD},
	{"v6 download at egress", MZ_DOWNLOAD, ROUTER, HOST, REMOTE6, HOST6, HOST, HOST6,
		MZ_DOWNLOAD},
	{"download from another MAC than the interface's", MZ_DOWNLOAD, OTHER, HOST, REMOTE4, HOST4,
		HOST, HOST4, MZ_DOWNLOAD},
	/* the router's own traffic with an internet that lies on this side */
	{"download of the router at ingress", MZ_UPLOAD, OTHER, ROUTER, REMOTE4, ROUTER4, ROUTER,
		ROUTER4, MZ_DOWNLOAD},
	{"upload of the router at egress", MZ_DOWNLOAD, ROUTER, OTHER, ROUTER4, REMOTE4, ROUTER,
		ROUTER4, MZ_UPLOAD},
	{"v6 download of the router at ingress", MZ_UPLOAD, OTHER, ROUTER, REMOTE6, ROUTER6, ROUTER,
		ROUTER6, MZ_DOWNLOAD},
	{"v6 upload of the router at egress", MZ_DOWNLOAD, ROUTER, OTHER, ROUTER6, REMOTE6, ROUTER,
		ROUTER6, MZ_UPLOAD},
	{"download of the router's second address", MZ_UPLOAD, OTHER, ROUTER, REMOTE4, ROUTER4B,
		ROUTER, ROUTER4B, MZ_DOWNLOAD},
	{"v6 download of the router's second address", MZ_UPLOAD, OTHER, ROUTER, REMOTE6, ROUTER6B,
		ROUTER, ROUTER6B, MZ_DOWNLOAD},
};

static const struct frame_case not_counted[] = {
	/* the other way round these never pass */
	{"a host's packet at egress", MZ_DOWNLOAD, HOST, ROUTER, HOST4, REMOTE4, NOBODY},
	{"a packet to a host at ingress", MZ_UPLOAD, HOST, ROUTER, REMOTE4, HOST4, NOBODY},
	{"a host's v6 packet at egress", MZ_DOWNLOAD, HOST, ROUTER, HOST6, REMOTE6, NOBODY},
	{"a v6 packet to a host at ingress", MZ_UPLOAD, HOST, ROUTER, REMOTE6, HOST6, NOBODY},
	/* what is not the router's, or not tracked */
	{"the router's WAN address at ingress", MZ_UPLOAD, OTHER, ROUTER, REMOTE4, WAN4, NOBODY},
	{"the router's WAN address at egress", MZ_DOWNLOAD, ROUTER, OTHER, WAN4, REMOTE4, NOBODY},
	{"beside the router's address", MZ_UPLOAD, OTHER, ROUTER, REMOTE4, "192.168.2.3", NOBODY},
	{"beside in the third word", MZ_UPLOAD, OTHER, ROUTER, REMOTE6, "2001:db8:1:0:1::1",
		NOBODY},
	{"beside in the fourth word", MZ_UPLOAD, OTHER, ROUTER, REMOTE6, "2001:db8:1::3", NOBODY},
	/* the LAN's own */
	{"host to host at ingress", MZ_UPLOAD, HOST, ROUTER, HOST4, SPARE4, NOBODY},
	{"host to host at egress", MZ_DOWNLOAD, ROUTER, HOST, SPARE4, HOST4, NOBODY},
	{"v6 host to host at ingress", MZ_UPLOAD, HOST, ROUTER, HOST6, SPARE6, NOBODY},
	{"v6 host to host at egress", MZ_DOWNLOAD, ROUTER, HOST, SPARE6, HOST6, NOBODY},
	{"host to router", MZ_UPLOAD, HOST, ROUTER, HOST4, ROUTER4, NOBODY},
	{"router to host", MZ_DOWNLOAD, ROUTER, HOST, ROUTER4, HOST4, NOBODY},
	{"v6 host to router", MZ_UPLOAD, HOST, ROUTER, HOST6, ROUTER6, NOBODY},
	{"v6 router to host", MZ_DOWNLOAD, ROUTER, HOST, ROUTER6, HOST6, NOBODY},
	{"host to router's WAN address", MZ_UPLOAD, HOST, ROUTER, HOST4, WAN4, NOBODY},
	{"router's WAN address to host", MZ_DOWNLOAD, ROUTER, HOST, WAN4, HOST4, NOBODY},
	{"host to router's link-local", MZ_UPLOAD, HOST, ROUTER, HOST6, "fe80::1", NOBODY},
	{"DHCP discover", MZ_UPLOAD, HOST, "ff:ff:ff:ff:ff:ff", "0.0.0.0", "255.255.255.255",
		NOBODY},
	{"LAN broadcast", MZ_UPLOAD, HOST, "ff:ff:ff:ff:ff:ff", HOST4, "192.168.2.255", NOBODY},
	{"mDNS", MZ_UPLOAD, HOST, "01:00:5e:00:00:fb", HOST4, "224.0.0.251", NOBODY},
	{"v6 mDNS", MZ_UPLOAD, HOST, "33:33:00:00:00:fb", HOST6, "ff02::fb", NOBODY},
	{"neighbour solicitation", MZ_UPLOAD, HOST, "33:33:ff:00:00:01", "fe80::a:1",
		"ff02::1:ff00:1", NOBODY},
	/* what no router forwards, whoever sent it */
	{"from a multicast group", MZ_UPLOAD, HOST, ROUTER, "224.0.0.5", REMOTE4, NOBODY},
	{"to a multicast group", MZ_DOWNLOAD, ROUTER, HOST, REMOTE4, "239.1.2.3", NOBODY},
	{"to a v6 multicast group", MZ_DOWNLOAD, ROUTER, HOST, REMOTE6, "ff0e::5", NOBODY},
	{"link-local with the internet", MZ_UPLOAD, HOST, ROUTER, "169.254.1.2", REMOTE4, NOBODY},
	{"v6 link-local with the internet", MZ_UPLOAD, HOST, ROUTER, "fe80::5", REMOTE6, NOBODY},
	{"from no address", MZ_UPLOAD, HOST, ROUTER, "0.0.0.0", REMOTE4, NOBODY},
	{"from no v6 address", MZ_UPLOAD, HOST, ROUTER, "::", REMOTE6, NOBODY},
	{"to loopback", MZ_DOWNLOAD, ROUTER, HOST, REMOTE4, "127.0.0.1", NOBODY},
	{"to the subnet's broadcast", MZ_DOWNLOAD, ROUTER, HOST, REMOTE4, "192.168.2.255", NOBODY},
	/* in promiscuous mode, ingress sees what is for others */
	{"overheard upload", MZ_UPLOAD, HOST, OTHER, HOST4, REMOTE4, NOBODY},
	{"overheard v6 upload", MZ_UPLOAD, HOST, OTHER, HOST6, REMOTE6, NOBODY},
	{"overheard download", MZ_UPLOAD, HOST, OTHER, REMOTE4, ROUTER4, NOBODY},
	{"overheard upload of an untracked host", MZ_UPLOAD, HOST, OTHER, "8.8.8.8", REMOTE4,
		NOBODY},
};

/* Behind the interface, but in no tracked subnet. */
static const struct frame_case untracked[] = {
	{"untracked hosts at ingress", MZ_UPLOAD, HOST, ROUTER, "8.8.8.8", REMOTE4, NOBODY},
	{"untracked hosts at egress", MZ_DOWNLOAD, ROUTER, HOST, REMOTE4, "8.8.8.8", NOBODY},
	{"untracked v6 hosts at ingress", MZ_UPLOAD, HOST, ROUTER, "2a02::8", REMOTE6, NOBODY},
	{"untracked v6 hosts at egress", MZ_DOWNLOAD, ROUTER, HOST, REMOTE6, "2a02::8", NOBODY},
	{"beside the router's address in the first word", MZ_UPLOAD, OTHER, ROUTER, REMOTE6,
		"2001:db9:1::1", NOBODY},
	{"beside the router's address in the second word", MZ_UPLOAD, OTHER, ROUTER, REMOTE6,
		"2001:db8:2::1", NOBODY},
	{"an inner router's subnet", MZ_UPLOAD, HOST, ROUTER, "192.168.77.5", REMOTE4, NOBODY},
	{"to an inner router's subnet", MZ_DOWNLOAD, ROUTER, HOST, REMOTE4, "10.9.9.9", NOBODY},
	{"an inner router's v6 subnet", MZ_UPLOAD, HOST, ROUTER, "fd77::5", REMOTE6, NOBODY},
};

static void check_cases(void *const *state, const struct frame_case *cases, size_t count)
{
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < count; i++) {
		const struct frame_case *p = &cases[i];
		struct packet packet = {
			.from = p->from, .to = p->to, .src = p->src, .dst = p->dst, .payload = 33};
		struct expected expected = {.row = {{p->mac, p->addr, p->direction, 1,
						    packet_headers_length(&packet) + 33}}};

		rig_send(&rig, p->name, p->hook, &packet);
		rig_expect(&rig, p->name, &expected);
	}
	rig_stop(&rig);
}

static void each_direction_is_counted_at_its_hook(void **state)
{
	check_cases(state, counted, sizeof(counted) / sizeof(*counted));
}

static void what_stays_on_this_side_is_not_counted(void **state)
{
	check_cases(state, not_counted, sizeof(not_counted) / sizeof(*not_counted));
}

static void what_untracked_hosts_exchange_is_unattributed(void **state)
{
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(untracked) / sizeof(*untracked); i++) {
		const struct frame_case *p = &untracked[i];
		struct packet packet = {
			.from = p->from, .to = p->to, .src = p->src, .dst = p->dst, .payload = 33};
		struct expected expected = {0};

		expected.unattributed[p->hook][MZ_UNTRACKED] =
			(struct mz_volume){packet_headers_length(&packet) + 33, 1};
		rig_send(&rig, p->name, p->hook, &packet);
		rig_expect(&rig, p->name, &expected);
	}
	rig_stop(&rig);
}

static void an_address_that_moves_leaves_the_old_count_alone(void **state)
{
	struct packet up = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	struct packet down = packet_between(MZ_DOWNLOAD, HOST4, REMOTE4);
	const uint64_t size = packet_headers_length(&up);
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	rig_send(&rig, "the first machine's upload", MZ_UPLOAD, &up);
	rig_send(&rig, "the first machine's download", MZ_DOWNLOAD, &down);
	rig_send(&rig, "the first machine's download", MZ_DOWNLOAD, &down);
	up.from = down.to = OTHER;
	rig_send(&rig, "the second machine's upload", MZ_UPLOAD, &up);
	rig_send(&rig, "the second machine's upload", MZ_UPLOAD, &up);
	rig_send(&rig, "the second machine's upload", MZ_UPLOAD, &up);
	rig_send(&rig, "the second machine's download", MZ_DOWNLOAD, &down);
	rig_expect(&rig, "two machines with one address",
		&(struct expected){.row = {{HOST, HOST4, MZ_UPLOAD, 1, size},
					   {HOST, HOST4, MZ_DOWNLOAD, 2, 2 * size},
					   {OTHER, HOST4, MZ_UPLOAD, 3, 3 * size},
					   {OTHER, HOST4, MZ_DOWNLOAD, 1, size}}});
	rig_stop(&rig);
}

static void addresses_of_one_machine_are_counted_apart(void **state)
{
	/* they differ in one part of the address each */
	static const char *const hosts[] = {
		HOST4, SPARE4, HOST6, "2001:db8:1::11", "2001:db8:1::1:0:10", "2001:db8:1:0:1::10"};
	struct expected expected = {0};
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		struct packet packet = packet_between(
			MZ_DOWNLOAD, hosts[i], strchr(hosts[i], ':') ? REMOTE6 : REMOTE4);

		packet.payload = (uint16_t)(100 * i);
		expected.row[i] = (struct expected_row){HOST, hosts[i], MZ_DOWNLOAD, 1,
			packet_headers_length(&packet) + packet.payload};
		rig_send(&rig, hosts[i], MZ_DOWNLOAD, &packet);
	}
	rig_expect(&rig, "one machine with six addresses", &expected);
	rig_stop(&rig);
}

/* Machines are distinguished by every byte of their MAC. */
static void machines_that_differ_in_one_byte_are_counted_apart(void **state)
{
	static const char *const macs[] = {"12:00:00:00:00:00", "02:10:00:00:00:00",
		"02:00:10:00:00:00", "02:00:00:10:00:00", "02:00:00:00:10:00", "02:00:00:00:00:10"};
	struct expected expected = {0};
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(macs) / sizeof(*macs); i++) {
		struct packet packet = packet_between(MZ_UPLOAD, HOST6, REMOTE6);

		packet.from = macs[i];
		expected.row[i] = (struct expected_row){
			macs[i], HOST6, MZ_UPLOAD, 1, packet_headers_length(&packet)};
		rig_send(&rig, macs[i], MZ_UPLOAD, &packet);
	}
	rig_expect(&rig, "six machines", &expected);
	rig_stop(&rig);
}

static void interfaces_that_share_the_tables_are_counted_apart(void **state)
{
	struct packet packet = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	struct tally tally;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	rig_send(&rig, "one interface", MZ_UPLOAD, &packet);
	rig_unload(&rig);
	rig_load(&rig, &home, RIG_NET + 1);
	rig_send(&rig, "another interface", MZ_UPLOAD, &packet);
	rig_send(&rig, "another interface", MZ_UPLOAD, &packet);
	tally_init(&tally);
	rig_read(&rig, &tally);
	assert_int_equal(tally.count, 2);
	assert_int_equal(tally.rows[0].net, RIG_NET);
	assert_int_equal(tally.rows[0].counts.packets[MZ_UPLOAD], 1);
	assert_int_equal(tally.rows[1].net, RIG_NET + 1);
	assert_int_equal(tally.rows[1].counts.packets[MZ_UPLOAD], 2);
	tally_finish(&tally);
	rig_stop(&rig);
}

static void a_replaced_classifier_goes_on_with_the_counts(void **state)
{
	static const struct site changed = {.tracked = {"192.168.2.1/24"}, .local = {"8.8.8.8"}};
	struct packet packet = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	const uint64_t size = packet_headers_length(&packet);
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	rig_send(&rig, "before", MZ_UPLOAD, &packet);
	rig_unload(&rig);
	rig_load(&rig, &changed, RIG_NET);
	rig_send(&rig, "afterwards", MZ_UPLOAD, &packet);
	packet.dst = "8.8.8.8";
	rig_send(&rig, "afterwards, to what is local now", MZ_UPLOAD, &packet);
	rig_expect(&rig, "a replaced classifier",
		&(struct expected){.row = {{HOST, HOST4, MZ_UPLOAD, 2, 2 * size}}});
	rig_stop(&rig);
}

/* What would be counted if it were not for its EtherType. */
static void check_ethertype(
	struct rig *rig, const char *name, uint16_t type, enum mz_direction hook, bool v6)
{
	struct packet packet = packet_between(hook, v6 ? HOST6 : HOST4, v6 ? REMOTE6 : REMOTE4);
	struct frame frame;

	packet.payload = 400;
	packet_frame(&packet, &frame);
	type = htons(type);
	memcpy(frame.bytes + offsetof(struct ethhdr, h_proto), &type, sizeof(type));
	rig_run(rig, name, hook, &frame, NULL, 1);
	rig_expect_nothing(rig, name);
}

static void what_is_not_ip_is_not_counted(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
	} ethertypes[] = {
		{"802.3 length", 100},
		{"802.3, the longest", 0x05dc},
		{"ARP", ETH_P_ARP},
		{"RARP", ETH_P_RARP},
		{"IPX", ETH_P_IPX},
		{"MPLS", ETH_P_MPLS_UC},
		{"PPPoE discovery", ETH_P_PPP_DISC},
		{"EAPOL", ETH_P_PAE},
		{"LLDP", 0x88cc},
		{"MACsec", ETH_P_MACSEC},
		{"one beside IPv4", ETH_P_IP + 1},
		{"IPv4 with its bytes swapped", 0x0008},
		{"one beside IPv6", ETH_P_IPV6 - 1},
		{"the last", 0xffff},
	};
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(ethertypes) / sizeof(*ethertypes); i++)
		for (enum mz_direction hook = MZ_UPLOAD; hook < MZ_DIRECTIONS; hook++) {
			check_ethertype(&rig, ethertypes[i].name, ethertypes[i].type, hook, false);
			check_ethertype(&rig, ethertypes[i].name, ethertypes[i].type, hook, true);
		}
	rig_stop(&rig);
}

/* Nobody's, and not the MAC of a device without link layer. */
static void a_mac_of_zero_is_no_host(void **state)
{
	static const char *const macs[] = {
		"00:00:00:00:00:00", "00:00:00:00:00:01", "01:00:00:00:00:00", "00:00:00:01:00:00"};
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	for (size_t i = 0; i < sizeof(macs) / sizeof(*macs); i++)
		for (int v6 = 0; v6 < 2; v6++)
			for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
				const char *host = v6 ? HOST6 : HOST4;
				struct packet packet =
					packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
				uint64_t bytes = packet_headers_length(&packet);
				struct expected expected = {0};

				*(d == MZ_UPLOAD ? &packet.from : &packet.to) = macs[i];
				if (i == 0)
					expected.unattributed[d][MZ_MALFORMED] =
						(struct mz_volume){bytes, 1};
				else
					expected.row[0] =
						(struct expected_row){macs[i], host, d, 1, bytes};
				rig_send(&rig, macs[i], d, &packet);
				rig_expect(&rig, macs[i], &expected);
			}
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_direction_is_counted_at_its_hook),
		cmocka_unit_test(what_stays_on_this_side_is_not_counted),
		cmocka_unit_test(what_untracked_hosts_exchange_is_unattributed),
		cmocka_unit_test(an_address_that_moves_leaves_the_old_count_alone),
		cmocka_unit_test(addresses_of_one_machine_are_counted_apart),
		cmocka_unit_test(machines_that_differ_in_one_byte_are_counted_apart),
		cmocka_unit_test(interfaces_that_share_the_tables_are_counted_apart),
		cmocka_unit_test(a_replaced_classifier_goes_on_with_the_counts),
		cmocka_unit_test(what_is_not_ip_is_not_counted),
		cmocka_unit_test(a_mac_of_zero_is_no_host),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
