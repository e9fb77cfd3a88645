// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <string.h>

#include "net/topology.h"

#define MAC(n)                                                                                     \
	{                                                                                          \
		2, 0, 0, 0, 0, (n)                                                                 \
	}
#define ETHERNET(n, ...)                                                                           \
	{                                                                                          \
		.index = (n), .type = ARPHRD_ETHER, .mac = MAC(n), __VA_ARGS__                     \
	}

static const char tracked[][16] = {
	"br-lan", "br-lan.10", "br-lan.10.20", "eth9.7", "br-v", "br-v.10"};
static struct topology topology;
static struct mz_settings settings;

static const struct device house[] = {
	{.index = 1, .type = ARPHRD_LOOPBACK, .name = "lo"},
	ETHERNET(2, .name = "lan1", .master = 4),
	ETHERNET(3, .name = "lan2", .master = 4),
	ETHERNET(4, .name = "br-lan", .kind = DEVICE_BRIDGE),
	ETHERNET(5, .name = "br-lan.10", .kind = DEVICE_VLAN, .vlan = 10, .lower = 4),
	ETHERNET(6, .name = "br-lan.10.20", .kind = DEVICE_VLAN, .vlan = 20, .lower = 5),
	ETHERNET(7, .name = "br-lan.30", .kind = DEVICE_VLAN, .vlan = 30, .lower = 4),
	ETHERNET(8, .name = "eth9.7", .kind = DEVICE_VLAN, .vlan = 7, .lower = 9),
	ETHERNET(9, .name = "eth9"),
	{.index = 10, .type = ARPHRD_NONE, .name = "wg0"},
	/* a bridge with VLAN filtering, one of whose ports is a VLAN itself */
	ETHERNET(11, .name = "br-v", .kind = DEVICE_BRIDGE, .vlan_filtering = true, .pvid = 1),
	ETHERNET(12, .name = "p1", .master = 11, .pvid = 1),
	ETHERNET(13, .name = "p10", .master = 11, .pvid = 10),
	ETHERNET(14, .name = "trunk", .master = 11),
	ETHERNET(15, .name = "eth9.8", .kind = DEVICE_VLAN, .vlan = 8, .lower = 9, .master = 11,
		.pvid = 1),
	ETHERNET(16, .name = "br-v.10", .kind = DEVICE_VLAN, .vlan = 10, .lower = 11),
	{.index = 17, .type = ARPHRD_NONE, .name = "tun0", .master = 4},
	/* keepalived's */
	ETHERNET(18, .name = "vrrp.51", .kind = DEVICE_MACVLAN, .lower = 4),
	ETHERNET(19, .name = "vrrp.52", .kind = DEVICE_MACVLAN, .lower = 9),
	ETHERNET(20, .name = "vrrp.53", .kind = DEVICE_MACVLAN, .lower = 9),
};

static void find(const char *name)
{
	assert_int_equal(topology_find(&topology, house, sizeof(house) / sizeof(*house), name,
				 tracked, sizeof(tracked) / sizeof(*tracked)),
		0);
}

/* Applies the place on a device, which has to be one. */
static void apply(const char *device)
{
	memset(&settings, 0, sizeof(settings));
	settings.own4_count = 1;
	for (size_t i = 0; i < topology.place_count; i++)
		if (strcmp(topology.place[i].device->name, device) == 0) {
			topology_apply(&topology, i, &settings);
			return;
		}
	fail_msg("%s is no place", device);
}

static void expect_mac(uint32_t i, uint8_t last)
{
	const uint8_t mac[6] = MAC(last);

	assert_true(i < settings.mac_count);
	assert_memory_equal(settings.mac[i].byte, mac, sizeof(mac));
}

static void a_plain_interface_stands_alone(void **state)
{
	(void)state;
	find("eth9");
	assert_int_equal(topology.place_count, 1);
	apply("eth9");
	assert_int_equal(settings.place, MZ_ALONE);
	assert_int_equal(settings.mark, 0);
	assert_int_equal(settings.own4_count, 1);
	assert_int_equal(settings.mac_count, 2);
	expect_mac(0, 19);
	expect_mac(1, 20);
	assert_false(settings.no_link);
	find("lo");
	apply("lo");
	assert_false(settings.no_link);
	find("wg0");
	apply("wg0");
	assert_true(settings.no_link);
	assert_int_equal(settings.place, MZ_ALONE);
}

static void a_missing_interface_is_told(void **state)
{
	(void)state;
	assert_int_equal(topology_find(&topology, house, 1, "br-lan", NULL, 0), -ENODEV);
}

static void a_bridge_has_its_ports_below(void **state)
{
	uint16_t mark;

	(void)state;
	find("br-lan");
	assert_int_equal(topology.place_count, 3); /* tun0 has no frames */
	apply("br-lan");
	assert_int_equal(settings.place, MZ_UPPER);
	assert_int_equal(settings.vlan_count, 1); /* VLAN 30 is not tracked on its own */
	assert_int_equal(settings.vlan[0], 10);
	assert_int_equal(settings.own4_count, 1);
	assert_int_equal(settings.mac_count, 1);
	expect_mac(0, 18);
	mark = settings.mark;
	assert_true(mark != 0 && mark % 2 == 0);
	apply("lan2");
	assert_int_equal(settings.place, MZ_LOWER);
	assert_int_equal(settings.depth, 1);
	assert_int_equal(settings.tag_count, 0);
	assert_int_equal(settings.pvid, 0);
	assert_int_equal(settings.mark, mark);
	assert_int_equal(settings.vlan_count, 1);
	assert_int_equal(settings.own4_count, 0);
	assert_int_equal(settings.mac_count, 2);
	expect_mac(0, 18);
	expect_mac(1, 4);
	find("br-v");
	apply("br-v");
	assert_int_not_equal(settings.mark, mark);
}

static void a_vlan_has_what_carries_it_below(void **state)
{
	(void)state;
	find("br-lan.10.20");
	assert_int_equal(topology.place_count, 5);
	apply("br-lan.10");
	assert_int_equal(settings.tag_count, 1);
	assert_int_equal(settings.tag[0], 20);
	assert_int_equal(settings.depth, 1);
	apply("lan1");
	assert_int_equal(settings.tag_count, 2);
	assert_int_equal(settings.tag[0], 10);
	assert_int_equal(settings.tag[1], 20);
	assert_int_equal(settings.depth, 3);
	assert_int_equal(settings.mac_count, 3);
	expect_mac(0, 6);
	expect_mac(1, 5);
	expect_mac(2, 4);
	find("br-lan.10");
	apply("br-lan");
	assert_int_equal(settings.vlan_count, 1);
	assert_int_equal(settings.vlan[0], 20);
	find("eth9.7");
	assert_int_equal(topology.place_count, 2);
	apply("eth9");
	assert_int_equal(settings.place, MZ_LOWER);
	assert_int_equal(settings.tag[0], 7);
}

static void ports_of_a_filtering_bridge_have_a_vlan_without_tag(void **state)
{
	(void)state;
	find("br-v");
	assert_int_equal(topology.place_count, 6); /* eth9 carries a port */
	apply("p1");
	assert_int_equal(settings.tag_count, 1);
	assert_int_equal(settings.tag[0], 1);
	assert_int_equal(settings.pvid, 1);
	apply("p10");
	assert_int_equal(settings.tag[0], 1);
	assert_int_equal(settings.pvid, 10);
	apply("trunk");
	assert_int_equal(settings.pvid, 0);
	apply("eth9");
	assert_int_equal(settings.tag_count, 2);
	assert_int_equal(settings.tag[0], 8);
	assert_int_equal(settings.tag[1], 1);
	assert_int_equal(settings.pvid, 1);
	assert_int_equal(settings.port_tags, 1); /* behind its own tag */
	apply("eth9.8");
	assert_int_equal(settings.tag_count, 1);
	assert_int_equal(settings.pvid, 1);
	assert_int_equal(settings.port_tags, 0);
	find("br-v.10");
	assert_int_equal(topology.place_count, 7);
	apply("br-v");
	assert_int_equal(settings.tag[0], 10);
	apply("p10");
	assert_int_equal(settings.tag_count, 1);
	assert_int_equal(settings.tag[0], 10);
	assert_int_equal(settings.pvid, 10);
	apply("p1");
	assert_int_equal(settings.tag[0], 10);
	assert_int_equal(settings.pvid, 1);
}

static void more_ports_than_there_is_room_for_are_told(void **state)
{
	struct device many[TOPOLOGY_PLACES + 5] = {
		ETHERNET(1, .name = "br-lan", .kind = DEVICE_BRIDGE)};

	(void)state;
	for (unsigned i = 1; i < TOPOLOGY_PLACES + 5; i++)
		many[i] = (struct device){.index = i + 1, .type = ARPHRD_ETHER, .master = 1};
	assert_int_equal(topology_find(&topology, many, TOPOLOGY_PLACES, "br-lan", NULL, 0), 0);
	assert_false(topology.truncated);
	assert_int_equal(topology.place_count, TOPOLOGY_PLACES);
	assert_int_equal(topology_find(&topology, many, TOPOLOGY_PLACES + 5, "br-lan", NULL, 0), 0);
	assert_true(topology.truncated);
	assert_int_equal(topology.place_count, TOPOLOGY_PLACES);
}

static void more_macs_than_there_is_room_for_are_told(void **state)
{
	struct device many[MZ_MACS + 2] = {ETHERNET(1, .name = "eth0")};

	(void)state;
	for (unsigned i = 1; i < MZ_MACS + 2; i++)
		many[i] = (struct device)ETHERNET(i + 1, .kind = DEVICE_MACVLAN, .lower = 1);
	assert_int_equal(topology_find(&topology, many, MZ_MACS + 1, "eth0", NULL, 0), 0);
	assert_false(topology.macs_truncated);
	assert_int_equal(topology_find(&topology, many, MZ_MACS + 2, "eth0", NULL, 0), 0);
	assert_true(topology.macs_truncated);
	assert_int_equal(topology.place[0].mac_count, MZ_MACS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_interface_stands_alone),
		cmocka_unit_test(a_missing_interface_is_told),
		cmocka_unit_test(a_bridge_has_its_ports_below),
		cmocka_unit_test(a_vlan_has_what_carries_it_below),
		cmocka_unit_test(ports_of_a_filtering_bridge_have_a_vlan_without_tag),
		cmocka_unit_test(more_ports_than_there_is_room_for_are_told),
		cmocka_unit_test(more_macs_than_there_is_room_for_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
