// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "net/devices.h"

enum { BEGIN = BRIDGE_VLAN_INFO_RANGE_BEGIN, END = BRIDGE_VLAN_INFO_RANGE_END };
enum { PVID = BRIDGE_VLAN_INFO_PVID, UNTAGGED = BRIDGE_VLAN_INFO_UNTAGGED };

/* What the kernel says of a port that is in those VLANs, up to the first 0. */
static uint16_t pvid_of(const struct bridge_vlan_info *vlans)
{
	char data[1024];
	struct nlmsghdr *message = mnl_nlmsg_put_header(data);
	struct nlattr *spec;

	message->nlmsg_type = RTM_NEWLINK;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, "port");
	spec = mnl_attr_nest_start(message, IFLA_AF_SPEC);
	mnl_attr_put_u16(message, IFLA_BRIDGE_FLAGS, 0xffff);
	for (; vlans->vid; vlans++)
		mnl_attr_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof(*vlans), vlans);
	mnl_attr_nest_end(message, spec);
	return devices_pvid(message);
}

static void the_pvid_is_found_among_ranges(void **state)
{
	static const struct {
		uint16_t pvid;
		struct bridge_vlan_info vlans[6];
	} row[] = {
		{0, {{0}}},
		{1, {{PVID | UNTAGGED, 1}}},
		{1, {{PVID | UNTAGGED, 1}, {BEGIN, 2}, {END, 4094}}},
		{100, {{BEGIN, 2}, {END, 99}, {PVID, 100}, {BEGIN, 101}, {END, 4094}}},
		{4094, {{BEGIN | UNTAGGED, 2}, {END | UNTAGGED, 4093}, {PVID, 4094}}},
		{0, {{BEGIN, 2}, {END, 4094}}},
		{0, {{UNTAGGED, 7}, {0, 8}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		assert_int_equal(pvid_of(row[i].vlans), row[i].pvid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pvid_is_found_among_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
