// SPDX-License-Identifier: GPL-2.0-or-later
/* Names where several hosts stand behind one MAC, and where one machine has several names. */
#include "unit.h"

#include "naming.h"

#define ONE   "2:0:0:0:0:1"
#define TWO   "2:0:0:0:0:2"
#define THREE "2:0:0:0:0:3"

static void hosts_that_share_a_mac_have_the_names_of_their_leases(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_LEASES,
		"1 " ONE " 192.168.2.1 anna 01:aa\n1 " ONE " 192.168.2.2 otto 01:bb\n");
	naming_add(fixture, ONE, "192.168.2.1", 1);
	naming_add(fixture, ONE, "192.168.2.2", 1);
	naming_add(fixture, ONE, "192.168.2.3", 1);
	naming_add(fixture, ONE, "2001:db8::1", 1);
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "anna", "leases");
	naming_expect(fixture, "192.168.2.2", "otto", "leases");
	naming_expect(fixture, "192.168.2.3", "", NULL);
	naming_expect(fixture, "2001:db8::1", "", NULL);
	naming_expect_host(fixture, ONE, "");
	assert_int_equal(names_count(fixture->names, NAMES_LEASES), 2);
}

static void nor_does_the_configured_name_of_that_mac_cover_them(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_UCI, "config host\n\toption name rep\n\toption mac " ONE "\n");
	naming_write(fixture, NAMES_LEASES,
		"1 " ONE " 192.168.2.1 anna 01:aa\n1 " ONE " 192.168.2.2 otto 01:bb\n");
	naming_write(fixture, NAMES_ETHERS, ONE " rep\n");
	naming_add(fixture, ONE, "192.168.2.1", 1);
	naming_add(fixture, ONE, "192.168.2.3", 1);
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "anna", "leases");
	naming_expect(fixture, "192.168.2.3", "", NULL);
	naming_expect_host(fixture, ONE, "");
}

/* Leases of one name do not contradict the name that the user gave the machine. */
static void the_configured_name_of_one_machine_stays(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_UCI, "config host\n\toption name nas\n\toption mac " ONE "\n");
	naming_write(fixture, NAMES_LEASES,
		"1 " ONE " 192.168.2.1 DESKTOP-1234 *\n1 " ONE " 192.168.2.2 DESKTOP-1234 *\n"
		"1 5 2001:db8::1 desktop-1234 00:04:00:01\n"
		"1 6 2001:db8::2 DESKTOP-1234 00:03:00:01:02:00:00:00:00:09\n");
	naming_write(
		fixture, NAMES_HOSTS, "192.168.2.3 Nas.lan nas\n2001:db8::3 desktop-1234.lan\n");
	for (unsigned i = 1; i <= 4; i++) {
		char v4[] = "192.168.2.0", v6[] = "2001:db8::0";

		v4[10] = v6[10] = (char)('0' + i);
		naming_add(fixture, ONE, v4, 1);
		naming_add(fixture, ONE, v6, 1);
	}
	naming_take(fixture);
	for (unsigned i = 1; i <= 4; i++) {
		char v4[] = "192.168.2.0", v6[] = "2001:db8::0";

		v4[10] = v6[10] = (char)('0' + i);
		naming_expect(fixture, v4, "nas", "uci");
		naming_expect(fixture, v6, "nas", "uci");
	}
	naming_expect_host(fixture, ONE, "nas");
	assert_int_equal(names_count(fixture->names, NAMES_LEASES), 4);
}

/*
 * A repeater that puts its own MAC into frames, and not into what its hosts tell the DHCP server.
 */
static void a_lease_of_another_mac_names_its_address_alone(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_LEASES,
		"1 " ONE " 192.168.2.1 repeater *\n1 " TWO " 192.168.2.2 anna *\n"
		"1 2:0:0:0:0:9 192.168.2.4 otto *\n");
	naming_add(fixture, ONE, "192.168.2.1", 1);
	naming_add(fixture, ONE, "192.168.2.2", 1);
	naming_add(fixture, ONE, "192.168.2.3", 1);
	naming_add(fixture, THREE, "192.168.2.4", 1);
	naming_add(fixture, THREE, "192.168.2.5", 1);
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "repeater", "leases");
	naming_expect(fixture, "192.168.2.2", "anna", "leases");
	naming_expect(fixture, "192.168.2.3", "repeater", "leases");
	naming_expect_host(fixture, ONE, "repeater");
	naming_expect(fixture, "192.168.2.4", "otto", "leases");
	naming_expect(fixture, "192.168.2.5", "", NULL);
	naming_expect_host(fixture, THREE, "");
}

static void an_address_with_an_entry_bears_that_name_whatever_its_mac_is_called(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_ETHERS, ONE " server\n");
	naming_write(fixture, NAMES_HOSTS,
		"192.168.2.2 web\n192.168.2.3 mail\n192.168.2.5 one\n192.168.2.6 other\n");
	naming_add(fixture, ONE, "192.168.2.1", 1);
	naming_add(fixture, ONE, "192.168.2.2", 1);
	naming_add(fixture, ONE, "192.168.2.3", 1);
	naming_add(fixture, TWO, "192.168.2.4", 1);
	naming_add(fixture, TWO, "192.168.2.5", 1);
	naming_add(fixture, TWO, "192.168.2.6", 1);
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "server", "ethers");
	naming_expect(fixture, "192.168.2.2", "web", "hosts");
	naming_expect(fixture, "192.168.2.3", "mail", "hosts");
	naming_expect_host(fixture, ONE, "server");
	naming_expect(fixture, "192.168.2.4", "", NULL);
	naming_expect(fixture, "192.168.2.5", "one", "hosts");
	naming_expect(fixture, "192.168.2.6", "other", "hosts");
	naming_expect_host(fixture, TWO, "");
}

/* Leases end one by one, and the last one does not share its MAC with another lease. */
static void hosts_that_shared_a_mac_keep_their_names_when_they_leave(void **state)
{
	static const char anna[] = "1 " ONE " 192.168.2.1 anna 01:aa\n";
	static const char otto[] = "1 " ONE " 192.168.2.2 otto 01:bb\n";
	struct naming *fixture = *state;
	char both[128];

	snprintf(both, sizeof(both), "%s%s", anna, otto);
	naming_write(fixture, NAMES_LEASES, both);
	naming_add(fixture, ONE, "192.168.2.1", 1);
	naming_add(fixture, ONE, "192.168.2.2", 1);
	for (int step = 0; step < 4; step++) {
		static const char *const steps[] = {otto, "", anna, ""};

		naming_write(fixture, NAMES_LEASES, steps[step]);
		naming_take(fixture);
		naming_expect(fixture, "192.168.2.1", "anna", "leases");
		naming_expect(fixture, "192.168.2.2", "otto", "leases");
		naming_expect_host(fixture, ONE, "");
	}
}

/* The sum of a MAC still contains the traffic of a host that left the tables. */
static void nor_does_the_last_of_them_take_over_the_others_sum(void **state)
{
	static const char otto[] = "1 " ONE " 192.168.2.2 otto 01:bb\n";
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_LEASES,
		"1 " ONE " 192.168.2.1 anna 01:aa\n"
		"1 " ONE " 192.168.2.2 otto 01:bb\n");
	naming_add(fixture, ONE, "0.0.0.0", 1); /* 192.168.2.1 is silent, and was retired */
	naming_add(fixture, ONE, "192.168.2.2", 1);
	for (int step = 0; step < 3; step++) {
		static const char *const steps[] = {otto, "", otto};

		naming_write(fixture, NAMES_LEASES, steps[step]);
		naming_take(fixture);
		naming_expect(fixture, "192.168.2.2", "otto", "leases");
		naming_expect_host(fixture, ONE, "");
	}
}

static void a_machine_that_is_renamed_and_moves_has_one_name(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_LEASES, "1 " ONE " 192.168.2.1 iphone *\n");
	naming_add(fixture, ONE, "192.168.2.1", 1);
	naming_take(fixture);
	naming_write(fixture, NAMES_LEASES, "1 " ONE " 192.168.2.2 anna *\n");
	naming_add(fixture, ONE, "192.168.2.2", 1);
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "anna", "leases");
	naming_expect(fixture, "192.168.2.2", "anna", "leases");
	naming_expect_host(fixture, ONE, "anna");
}

/* Before the new machine has used the address, and while the old one still uses it. */
static void a_lease_that_moves_names_only_the_machine_that_holds_it(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_LEASES, "1 " ONE " 192.168.2.1 anna *\n");
	naming_add(fixture, ONE, "192.168.2.1", 9);
	naming_take(fixture);
	naming_write(fixture, NAMES_LEASES, "1 " TWO " 192.168.2.1 otto *\n");
	naming_take(fixture);
	naming_expect_host(fixture, ONE, "anna");
	naming_expect(fixture, "192.168.2.1", "anna", "leases");
	naming_add(fixture, TWO, "192.168.2.1", 5);
	naming_take(fixture);
	naming_expect_host(fixture, ONE, "anna");
	naming_expect_host(fixture, TWO, "otto");
	naming_expect(fixture, "192.168.2.1", "anna", "leases"); /* of ONE: it is listed first */
}

/* IPv6 leases often have no MAC. */
static void a_lease_without_a_mac_keeps_its_name_when_it_ends(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_LEASES, "1 5 2001:db8::1 anna 00:04:00:01\n");
	naming_add(fixture, ONE, "2001:db8::1", 1);
	naming_take(fixture);
	naming_write(fixture, NAMES_LEASES, "");
	naming_take(fixture);
	naming_expect(fixture, "2001:db8::1", "anna", "leases");
	naming_add(fixture, TWO, "2001:db8::1", 2);
	naming_take(fixture);
	naming_expect_host(fixture, ONE, "anna");
	naming_expect_host(fixture, TWO, "");
}

/* Other names in the dhcp configuration, and the source that each counts as. */
static void addresses_that_the_configuration_names_have_those_names(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_UCI,
		"config domain\n\toption name cloud.example\n\toption ip 192.168.2.1\n"
		"config domain\n\toption name alias\n\toption ip 192.168.2.2\n"
		"config domain\n\toption name printer\n\toption ip 192.168.2.3\n"
		"config host\n\toption name camera\n\toption ip 192.168.2.4\n"
		"config host\n\toption name a\n\toption mac " THREE "\n\toption ip 192.168.2.5\n"
		"config host\n\toption name b\n\toption mac " THREE "\n\toption ip 192.168.2.6\n"
		"config host\n\toption name tablet\n\toption duid 00030001020000000008\n");
	naming_write(fixture, NAMES_LEASES,
		"1 " ONE " 192.168.2.1 nas *\n1 " TWO " 192.168.2.4 IPC-7 *\n");
	naming_write(fixture, NAMES_HOSTS, "192.168.2.3 other\n");
	naming_add(fixture, ONE, "192.168.2.1", 1);
	naming_add(fixture, TWO, "192.168.2.4", 1);
	naming_add(fixture, "2:0:0:0:0:7", "192.168.2.3", 1);
	naming_add(fixture, "2:0:0:0:0:8", "192.168.2.8", 1);
	for (char last = '5'; last <= '7'; last++) {
		char addr[] = "192.168.2.0";

		addr[10] = last;
		naming_add(fixture, THREE, addr, 1);
	}
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "nas", "leases");
	naming_expect_host(fixture, ONE, "nas");
	naming_expect(fixture, "192.168.2.3", "printer", "hosts");
	naming_expect_host(fixture, "2:0:0:0:0:7", "printer");
	naming_expect(fixture, "192.168.2.4", "camera", "uci");
	naming_expect(fixture, "192.168.2.5", "a", "uci");
	naming_expect(fixture, "192.168.2.6", "b", "uci");
	naming_expect(fixture, "192.168.2.7", "", NULL);
	naming_expect_host(fixture, THREE, "");
	naming_expect(fixture, "192.168.2.8", "tablet", "uci");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, naming_enter, naming_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hosts_that_share_a_mac_have_the_names_of_their_leases),
		TEST(nor_does_the_configured_name_of_that_mac_cover_them),
		TEST(the_configured_name_of_one_machine_stays),
		TEST(a_lease_of_another_mac_names_its_address_alone),
		TEST(an_address_with_an_entry_bears_that_name_whatever_its_mac_is_called),
		TEST(hosts_that_shared_a_mac_keep_their_names_when_they_leave),
		TEST(nor_does_the_last_of_them_take_over_the_others_sum),
		TEST(a_machine_that_is_renamed_and_moves_has_one_name),
		TEST(a_lease_that_moves_names_only_the_machine_that_holds_it),
		TEST(a_lease_without_a_mac_keeps_its_name_when_it_ends),
		TEST(addresses_that_the_configuration_names_have_those_names),
	};

	return cmocka_run_group_tests_name("snapshot_names", tests, NULL, NULL);
}
