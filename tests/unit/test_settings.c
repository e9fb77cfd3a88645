// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hooks/classifier_settings.h"

static struct config config;
static struct mz_settings settings;

static struct tracking tracking;
static struct route route[64];
static size_t routes;

static struct prefix prefix(const char *text)
{
	struct prefix p = {0};

	assert_null(prefix_parse(text, AF_UNSPEC, true, &p));
	return p;
}

static struct address address(const char *ifname, const char *text)
{
	struct prefix subnet = prefix(text);
	char own[64];
	struct address a = {.subnet = subnet};

	snprintf(own, sizeof(own), "%.*s", (int)strcspn(text, "/"), text);
	a.own = prefix(own);
	memccpy(a.ifname, ifname, 0, sizeof(a.ifname) - 1);
	return a;
}

static int make(unsigned net, const struct address *own, size_t own_count)
{
	tracking_make(&tracking, &config, own, own_count, route, routes);

	return classifier_settings_make(
		&settings, &config, &tracking, "br-lan", net, own, own_count);
}

static int prepare(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	routes = 0;
	config.tracked[0] = (struct config_tracked){prefix("192.168.2.0/24"), "br-lan"};
	config.tracked[1] = (struct config_tracked){prefix("203.0.113.0/25"), "br-dmz"};
	config.tracked_count = 2;
	config.delegated[0] = prefix("2001:db8:ca2::/48");
	config.delegated_count = 1;
	return 0;
}

static void an_interface_gets_its_own_subnets_and_all_delegated_prefixes(void **state)
{
	(void)state;
	assert_int_equal(make(5, NULL, 0), 0);
	assert_int_equal(settings.net, 5);
	assert_int_equal(settings.prefix4_count, 1);
	assert_int_equal(settings.prefix4[0].addr, inet_addr("192.168.2.0"));
	assert_int_equal(settings.prefix4[0].mask, inet_addr("255.255.255.0"));
	assert_int_equal(settings.prefix4[0].broadcast, inet_addr("192.168.2.255"));
	assert_int_equal(settings.prefix6_count, 1);
}

static void tracked_subnets_are_not_the_internet_and_private_ones_need_no_entry(void **state)
{
	(void)state;
	assert_int_equal(make(0, NULL, 0), 0);
	assert_int_equal(settings.local4_count, 1);
	assert_int_equal(settings.local4[0].addr, inet_addr("203.0.113.0"));
	assert_int_equal(settings.local6_count, 1);
}

static void the_routers_addresses_are_local_or_hosts_of_their_own_link(void **state)
{
	struct address own[] = {address("br-lan", "192.168.2.1/24"),
		address("br-dmz", "203.0.113.1/25"), address("wan", "198.51.100.7/24"),
		address("lo", "127.0.0.1/8"), address("wan", "fe80::1/64"),
		address("br-lan", "2001:db8:ca2:2::1/64"), address("wan", "2001:db8:ffff::2/64")};

	(void)state;
	assert_int_equal(make(0, own, sizeof(own) / sizeof(*own)), 0);
	assert_int_equal(settings.own4_count, 1);
	assert_int_equal(settings.own4[0], inet_addr("192.168.2.1"));
	assert_int_equal(settings.own6_count, 1);
	assert_int_equal(settings.local4_count, 2);
	assert_int_equal(settings.local4[1].addr, inet_addr("198.51.100.7"));
	assert_int_equal(settings.local4[1].mask, 0xffffffff);
	assert_int_equal(settings.local6_count, 2);
}

static void nested_subnets_mean_the_same_in_each_order(void **state)
{
	static const char *const subnets[] = {
		"192.168.0.0/16", "192.168.2.0/24", "192.168.2.128/25"};
	struct mz_settings first;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		config.tracked[i] = (struct config_tracked){prefix(subnets[i]), "br-lan"};
	config.tracked_count = 3;
	assert_int_equal(make(5, NULL, 0), 0);
	first = settings;
	assert_int_equal(first.prefix4_count, 3);
	/* the innermost decides whose an address is */
	assert_int_equal(first.prefix4[0].addr, inet_addr("192.168.2.128"));
	assert_int_equal(first.prefix4[2].addr, inet_addr("192.168.0.0"));
	for (unsigned i = 0; i < 3; i++)
		config.tracked[i].prefix = prefix(subnets[2 - i]);
	assert_int_equal(make(5, NULL, 0), 0);
	assert_memory_equal(first.prefix4, settings.prefix4, sizeof(first.prefix4));
}

static void a_point_to_point_subnet_has_no_broadcast(void **state)
{
	(void)state;
	config.tracked[0].prefix = prefix("192.168.2.0/31");
	assert_int_equal(make(0, NULL, 0), 0);
	assert_int_equal(settings.prefix4[0].broadcast, 0);
}

static void too_long_a_list_is_an_error_not_a_gap(void **state)
{
	struct address own[MZ_LOCALS + 1];

	(void)state;
	for (size_t i = 0; i < MZ_LOCALS + 1; i++) {
		own[i] = address("wan", "198.51.100.0/24");
		own[i].own.addr[3] = (uint8_t)i;
	}
	assert_int_equal(make(0, own, MZ_LOCALS + 1), -E2BIG);
}

static int follow(void **state)
{
	prepare(state);
	config.tracked_count = config.delegated_count = 0;
	memcpy(config.ifnames[0], "br-lan", sizeof("br-lan"));
	config.followed[0] = true;
	config.interface_count = 1;
	return 0;
}

static void an_interface_that_is_followed_has_the_subnets_of_its_addresses(void **state)
{
	struct address own[] = {address("br-lan", "192.168.2.1/24"),
		address("br-lan", "169.254.3.1/16"), address("br-lan", "fe80::1/64"),
		address("br-lan", "2001:db8:1::1/64"), address("br-lan", "2001:db8:1::2/64"),
		address("br-lan", "fd00:1::1/64"), address("wan", "198.51.100.7/24")};

	(void)state;
	assert_int_equal(make(0, own, sizeof(own) / sizeof(*own)), 0);
	assert_false(tracking.truncated);
	assert_int_equal(settings.prefix4_count, 1);
	assert_int_equal(settings.prefix4[0].addr, inet_addr("192.168.2.0"));
	assert_int_equal(settings.prefix6_count, 2);
	assert_int_equal(settings.own6_count, 3);
	assert_int_equal(settings.local4_count, 1);
}

static void more_subnets_than_there_is_room_for_are_told(void **state)
{
	struct address own[MZ_PREFIXES + 1];

	(void)state;
	for (uint8_t i = 0; i < MZ_PREFIXES + 1; i++) {
		own[i] = address("br-lan", "192.168.2.1/24");
		own[i].own.addr[2] = own[i].subnet.addr[2] = i;
	}
	assert_int_equal(make(0, own, MZ_PREFIXES), 0);
	assert_false(tracking.truncated);
	assert_int_equal(make(0, own, MZ_PREFIXES + 1), 0);
	assert_true(tracking.truncated);
	assert_int_equal(settings.prefix4_count, MZ_PREFIXES);
}

static void route_to(const char *ifname, const char *to)
{
	struct route *r = &route[routes++];

	memset(r, 0, sizeof(*r));
	r->to = prefix(to);
	memccpy(r->ifname, ifname, 0, sizeof(r->ifname) - 1);
}

static void assert_tracked(const char *const *prefixes)
{
	size_t count = 0;

	for (; prefixes[count]; count++) {
		struct prefix expected = prefix(prefixes[count]);
		bool found = false;

		for (size_t i = 0; i < tracking.count; i++)
			found = found || prefix_equal(&tracking.row[i].prefix, &expected);
		if (!found)
			fail_msg("%s is not tracked", prefixes[count]);
	}
	assert_int_equal(tracking.count, count);
}

static void what_is_routed_out_of_a_followed_interface_is_tracked(void **state)
{
	static const char *const expected[] = {"192.168.2.0/24", "10.77.0.0/16",
		"198.51.100.128/25", "2001:db8:5::/64", "fd00:5::/48", NULL};
	struct address own[] = {address("br-lan", "192.168.2.1/24")};

	(void)state;
	route_to("br-lan", "2001:db8:5::17/128"); /* of a relay: hosts of one /64 */
	route_to("br-lan", "2001:db8:5::18/128");
	route_to("br-lan", "10.77.1.0/24"); /* within the next */
	route_to("br-lan", "10.77.0.0/16");
	route_to("br-lan", "192.168.2.77/32"); /* in the subnet anyway */
	route_to("br-lan", "198.51.100.128/25");
	route_to("br-lan", "fd00:5::/48");
	assert_int_equal(make(0, own, 1), 0);
	assert_false(tracking.truncated);
	assert_tracked(expected);
}

static void the_last_address_of_what_is_routed_may_be_a_hosts(void **state)
{
	struct address own[] = {address("br-lan", "192.168.2.1/24")};

	(void)state;
	route_to("br-lan", "192.168.2.0/24");
	route_to("br-lan", "198.51.100.128/25");
	assert_int_equal(make(0, own, 1), 0);
	assert_int_equal(settings.prefix4_count, 2);
	assert_int_equal(settings.prefix4[0].broadcast, 0); /* the longest first */
	assert_int_equal(settings.prefix4[1].broadcast, inet_addr("192.168.2.255"));
}

static void ranges_stand_for_more_routes_than_there_is_room_for(void **state)
{
	static const char *const expected[] = {
		"192.168.2.0/24", "100.64.0.0/10", "10.0.0.0/8", "198.51.100.0/24", NULL};
	struct address own[] = {address("br-lan", "192.168.2.1/24")};
	char text[32];

	(void)state;
	for (int i = 0; i < 2 * MZ_PREFIXES; i++) { /* peers of a VPN */
		snprintf(text, sizeof(text), "%s.%d/32", i % 2 ? "100.100.3" : "10.8.0", i);
		route_to("br-lan", text);
	}
	route_to("br-lan", "198.51.100.0/24");
	assert_int_equal(make(0, own, 1), 0);
	assert_false(tracking.truncated);
	assert_tracked(expected);
	for (int i = 0; i < MZ_PREFIXES; i++) {
		snprintf(text, sizeof(text), "203.0.113.%d/32", i);
		route_to("br-lan", text);
	}
	assert_int_equal(make(0, own, 1), 0);
	assert_true(tracking.truncated);
	assert_int_equal(settings.prefix4_count, MZ_PREFIXES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			an_interface_gets_its_own_subnets_and_all_delegated_prefixes, prepare),
		cmocka_unit_test_setup(
			tracked_subnets_are_not_the_internet_and_private_ones_need_no_entry,
			prepare),
		cmocka_unit_test_setup(
			the_routers_addresses_are_local_or_hosts_of_their_own_link, prepare),
		cmocka_unit_test_setup(nested_subnets_mean_the_same_in_each_order, prepare),
		cmocka_unit_test_setup(a_point_to_point_subnet_has_no_broadcast, prepare),
		cmocka_unit_test_setup(too_long_a_list_is_an_error_not_a_gap, prepare),
		cmocka_unit_test_setup(
			an_interface_that_is_followed_has_the_subnets_of_its_addresses, follow),
		cmocka_unit_test_setup(more_subnets_than_there_is_room_for_are_told, follow),
		cmocka_unit_test_setup(
			what_is_routed_out_of_a_followed_interface_is_tracked, follow),
		cmocka_unit_test_setup(the_last_address_of_what_is_routed_may_be_a_hosts, follow),
		cmocka_unit_test_setup(ranges_stand_for_more_routes_than_there_is_room_for, follow),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
