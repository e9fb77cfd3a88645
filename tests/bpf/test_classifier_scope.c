// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose packets are counted, and which addresses are the internet. */
#include "rig.h"

struct remote {
	const char *addr;
	bool internet;
};

/* The first and last address of each range, and the addresses next to it on both sides. */
static const struct remote remotes4[] = {
	{"0.0.0.0", false},
	{"0.255.255.255", false},
	{"1.0.0.0", true},
	{"9.255.255.255", true},
	{"10.0.0.0", false},
	{"10.255.255.255", false},
	{"11.0.0.0", true},
	{"100.63.255.255", true},
	{"100.64.0.0", false},
	{"100.127.255.255", false},
	{"100.128.0.0", true},
	{"126.255.255.255", true},
	{"127.0.0.0", false},
	{"127.255.255.255", false},
	{"128.0.0.0", true},
	{"169.253.255.255", true},
	{"169.254.0.0", false},
	{"169.254.255.255", false},
	{"169.255.0.0", true},
	{"172.15.255.255", true},
	{"172.16.0.0", false},
	{"172.31.255.255", false},
	{"172.32.0.0", true},
	{"191.255.255.255", true},
	{"192.0.0.0", false},
	{"192.0.0.255", false},
	{"192.0.1.0", true},
	{"192.167.255.255", true},
	{"192.168.0.0", false},
	{"192.168.255.255", false},
	{"192.169.0.0", true},
	{"223.255.255.255", true},
	{"224.0.0.0", false},
	{"239.255.255.255", false},
	{"240.0.0.0", true},
	{"255.255.255.254", true},
	{"255.255.255.255", false},
};

static const struct remote remotes6[] = {
	{"::", false},
	{"::1", false},
	{"::2", true},
	{"::1:1", true},
	{"::1:0:1", true},
	{"::1:0:0:0:1", true},
	{"1::1", true},
	{"::ffff:10.0.0.1", true},
	{"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"2000::", true},
	{"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"4000::", true},
	{"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"fc00::", false},
	{"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"fe00::", true},
	{"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"fe80::", false},
	{"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"fec0::", true},
	{"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"ff00::", false},
	{"ff02::fb", false},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
};

/* Ranges that only this router's configuration keeps from the internet. */
static const struct site configured = {
	.tracked = {"192.168.2.1/24", "198.51.100.1/26"},
	.elsewhere = {"203.0.113.129/28", "2001:db8:2::/64"},
	.delegated = {"2001:db8:1::/64"},
	.own = {"192.168.2.1", "198.51.100.1", "192.0.2.77", "2001:db8:1::1", "2a0a::77"},
	.local = {"8.8.4.0/23", "9.9.9.9/32", "2a02:8::/31", "2a03::9/128"},
};

static const struct remote remotes_configured[] = {
	/* a tracked subnet of this interface, with its broadcast and the router in it */
	{"198.51.99.255", true},
	{"198.51.100.0", false},
	{"198.51.100.1", false},
	{"198.51.100.62", false},
	{"198.51.100.63", false},
	{"198.51.100.64", true},
	/* a tracked subnet of another interface */
	{"203.0.113.127", true},
	{"203.0.113.128", false},
	{"203.0.113.143", false},
	{"203.0.113.144", true},
	/* an address of the router in no tracked subnet */
	{"192.0.2.76", true},
	{"192.0.2.77", false},
	{"192.0.2.78", true},
	/* --local */
	{"8.8.3.255", true},
	{"8.8.4.0", false},
	{"8.8.5.255", false},
	{"8.8.6.0", true},
	{"9.9.9.8", true},
	{"9.9.9.9", false},
	{"9.9.9.10", true},
	/* the same for v6 */
	{"2001:db8:0:ffff:ffff:ffff:ffff:ffff", true},
	{"2001:db8:1::", false},
	{"2001:db8:1::1", false},
	{"2001:db8:1:0:ffff:ffff:ffff:ffff", false},
	{"2001:db8:1:1::", true},
	{"2001:db8:1:ffff:ffff:ffff:ffff:ffff", true},
	{"2001:db8:2::", false},
	{"2001:db8:2:0:ffff:ffff:ffff:ffff", false},
	{"2001:db8:2:1::", true},
	{"2a0a::76", true},
	{"2a0a::77", false},
	{"2a0a::78", true},
	{"2a02:7:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"2a02:8::", false},
	{"2a02:9:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"2a02:a::", true},
	{"2a03::8", true},
	{"2a03::9", false},
	{"2a03::a", true},
};

enum fate { NOT_COUNTED, COUNTED, UNTRACKED };

/* An upload to and a download from the remote address: the same happens to both. */
static void exchange(struct rig *rig, const char *host, const char *remote, enum fate fate)
{
	const char *direction_name[] = {"upload to", "download from"};
	const char *fate_name[] = {"not counted", "counted", "unattributed"};

	for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
		struct packet packet = packet_between(d, host, remote);
		struct expected expected;
		char name[128];

		packet.payload = 100;
		snprintf(name, sizeof(name), "%s by %s, %s %s", fate_name[fate], host,
			direction_name[d], remote);
		rig_send(rig, name, d, &packet);
		expected = (struct expected){0};
		if (fate == COUNTED)
			expected.row[0] = (struct expected_row){
				HOST, host, d, 1, packet_headers_length(&packet) + 100};
		if (fate == UNTRACKED)
			expected.unattributed[d][MZ_UNTRACKED] =
				(struct mz_volume){packet_headers_length(&packet) + 100, 1};
		rig_expect(rig, name, &expected);
	}
}

static void check_remotes(
	void *const *state, const struct site *site, const struct remote *remotes, size_t count)
{
	struct rig rig;

	rig_start(&rig, state, site, 64);
	for (size_t i = 0; i < count; i++) {
		const char *host = strchr(remotes[i].addr, ':') ? HOST6 : HOST4;

		exchange(&rig, host, remotes[i].addr, remotes[i].internet ? COUNTED : NOT_COUNTED);
	}
	rig_stop(&rig);
}

#define CHECK_REMOTES(state, site, remotes)                                                        \
	check_remotes(state, site, remotes, sizeof(remotes) / sizeof(*(remotes)))

static const struct site home = SITE_HOME;

static void private_ranges_of_v4_are_not_the_internet(void **state)
{
	CHECK_REMOTES(state, &home, remotes4);
}

static void private_ranges_of_v6_are_not_the_internet(void **state)
{
	CHECK_REMOTES(state, &home, remotes6);
}

static void tracked_own_and_local_ranges_are_not_the_internet(void **state)
{
	CHECK_REMOTES(state, &configured, remotes_configured);
}

struct host {
	const char *addr;
	enum fate fate;
};

static void check_hosts(
	void *const *state, const struct site *site, const struct host *hosts, size_t count)
{
	struct rig rig;

	rig_start(&rig, state, site, 64);
	for (size_t i = 0; i < count; i++)
		exchange(&rig, hosts[i].addr, strchr(hosts[i].addr, ':') ? REMOTE6 : REMOTE4,
			hosts[i].fate);
	rig_stop(&rig);
}

#define CHECK_HOSTS(state, site, hosts)                                                            \
	check_hosts(state, site, hosts, sizeof(hosts) / sizeof(*(hosts)))

static void each_of_several_prefixes_is_tracked_to_its_borders(void **state)
{
	static const struct site site = {
		.tracked = {"192.168.2.1/24", "10.1.0.0/16", "172.16.5.128/25", "100.64.3.4/31",
			"198.51.100.7/32", "11.0.0.0/8", "192.168.9.0/30", "203.0.112.0/22"},
		.delegated = {"2001:db8:1::/64", "2001:db8:8000::/33", "fd00::/8",
			"2001:db9::42/128", "2001:dba::/127", "2001:dbb:0:0:8000::/65",
			"2001:dbc::/32", "2001:dbd:0:0:0:1::/96"},
	};
	static const struct host hosts[] = {
		{"192.168.1.255", UNTRACKED},
		{"192.168.2.0", COUNTED},
		{"192.168.2.254", COUNTED},
		{"192.168.3.0", UNTRACKED},
		{"10.0.255.255", UNTRACKED},
		{"10.1.0.1", COUNTED},
		{"10.1.255.254", COUNTED},
		{"10.2.0.0", UNTRACKED},
		{"172.16.5.127", UNTRACKED},
		{"172.16.5.128", COUNTED},
		{"172.16.5.254", COUNTED},
		{"172.16.6.0", UNTRACKED},
		{"100.64.3.3", UNTRACKED},
		{"100.64.3.4", COUNTED},
		{"100.64.3.5", COUNTED},
		{"100.64.3.6", UNTRACKED},
		{"198.51.100.6", UNTRACKED},
		{"198.51.100.7", COUNTED},
		{"198.51.100.8", UNTRACKED},
		{"10.255.255.255", UNTRACKED},
		{"11.0.0.0", COUNTED},
		{"11.255.255.254", COUNTED},
		{"12.0.0.0", UNTRACKED},
		{"192.168.9.2", COUNTED},
		{"192.168.9.4", UNTRACKED},
		{"203.0.111.255", UNTRACKED},
		{"203.0.112.0", COUNTED},
		{"203.0.115.254", COUNTED},
		{"203.0.116.0", UNTRACKED},
		{"2001:db8:0:ffff:ffff:ffff:ffff:ffff", UNTRACKED},
		{"2001:db8:1::", COUNTED},
		{"2001:db8:1:0:ffff:ffff:ffff:ffff", COUNTED},
		{"2001:db8:1:1::", UNTRACKED},
		{"2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", UNTRACKED},
		{"2001:db8:8000::", COUNTED},
		{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", COUNTED},
		{"fcff::1", UNTRACKED},
		{"fd00::", COUNTED},
		{"fdff::1", COUNTED},
		{"fe00::", UNTRACKED},
		{"2001:db9::41", UNTRACKED},
		{"2001:db9::42", COUNTED},
		{"2001:db9::43", UNTRACKED},
		{"2001:dba::", COUNTED},
		{"2001:dba::1", COUNTED},
		{"2001:dba::2", UNTRACKED},
		{"2001:dbb::7fff:ffff:ffff:ffff", UNTRACKED},
		{"2001:dbb:0:0:8000::", COUNTED},
		{"2001:dbb:0:0:ffff:ffff:ffff:ffff", COUNTED},
		{"2001:dbc:ffff::1", COUNTED},
		{"2001:dbd::ffff:ffff", UNTRACKED},
		{"2001:dbd::1:0:0", COUNTED},
		{"2001:dbd::1:ffff:ffff", COUNTED},
		{"2001:dbd::2:0:0", UNTRACKED},
	};

	CHECK_HOSTS(state, &site, hosts);
}

static void broadcasts_of_subnets_are_no_hosts(void **state)
{
	static const struct site site = {
		.tracked = {"192.168.2.1/24", "10.1.0.0/16", "172.16.5.128/25", "192.168.9.0/30"}};
	static const struct host hosts[] = {
		{"192.168.2.255", NOT_COUNTED},
		{"192.168.2.254", COUNTED},
		{"10.1.255.255", NOT_COUNTED},
		{"10.1.2.255", COUNTED},
		{"172.16.5.255", NOT_COUNTED},
		{"172.16.5.191", COUNTED},
		{"192.168.9.3", NOT_COUNTED},
		{"192.168.9.2", COUNTED},
	};

	CHECK_HOSTS(state, &site, hosts);
}

static void an_untracked_family_is_unattributed(void **state)
{
	static const struct site only4 = {.tracked = {"192.168.2.1/24"}};
	static const struct site only6 = {.delegated = {"2001:db8:1::/64"}};
	static const struct host hosts4[] = {{HOST4, COUNTED}, {HOST6, UNTRACKED}};
	static const struct host hosts6[] = {{HOST4, UNTRACKED}, {HOST6, COUNTED}};

	CHECK_HOSTS(state, &only4, hosts4);
	CHECK_HOSTS(state, &only6, hosts6);
}

/* All addresses are in it, so that none is left that could be the internet. */
static void a_mask_of_0_makes_everything_local(void **state)
{
	static const struct site tracked = {.tracked = {"0.0.0.0/0"}, .delegated = {"::/0"}};
	static const struct site local = {.tracked = {"192.168.2.1/24"},
		.delegated = {"2001:db8:1::/64"},
		.local = {"0.0.0.0/0", "::/0"}};
	static const struct host hosts[] = {{HOST4, NOT_COUNTED}, {HOST6, NOT_COUNTED},
		{"8.8.8.8", NOT_COUNTED}, {"2a00::1", NOT_COUNTED}};

	CHECK_HOSTS(state, &tracked, hosts);
	CHECK_HOSTS(state, &local, hosts);
}

/* The last of as many ranges as there is room for counts as much as the first. */
static void the_last_of_many_local_ranges_is_heeded(void **state)
{
	struct mz_settings settings;
	struct rig rig;
	char addr[INET6_ADDRSTRLEN];

	rig_start(&rig, state, &home, 64);
	rig_unload(&rig);
	site_settings(&home, RIG_NET, &settings);
	settings.local4_count = settings.local6_count = MZ_LOCALS;
	for (unsigned i = 0; i < MZ_LOCALS; i++) {
		unsigned char octets[16] = {44, 1, (unsigned char)i};

		memcpy(&settings.local4[i].addr, octets, sizeof(settings.local4[i].addr));
		settings.local4[i].mask = htonl(0xffffff00);
		octets[0] = 0x2b;
		memcpy(settings.local6[i].addr, octets, sizeof(settings.local6[i].addr));
		settings.local6[i].mask[0] = htonl(0xffffff00);
	}
	assert_int_equal(classifier_load(&rig.maps, &settings, rig.program), 0);
	for (unsigned i = 0; i <= MZ_LOCALS; i += i < MZ_LOCALS - 1 ? MZ_LOCALS - 1 : 1) {
		snprintf(addr, sizeof(addr), "44.1.%u.9", i);
		exchange(&rig, HOST4, addr, i == MZ_LOCALS ? COUNTED : NOT_COUNTED);
		snprintf(addr, sizeof(addr), "2b01:%x::9", i << 8);
		exchange(&rig, HOST6, addr, i == MZ_LOCALS ? COUNTED : NOT_COUNTED);
	}
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_ranges_of_v4_are_not_the_internet),
		cmocka_unit_test(private_ranges_of_v6_are_not_the_internet),
		cmocka_unit_test(tracked_own_and_local_ranges_are_not_the_internet),
		cmocka_unit_test(each_of_several_prefixes_is_tracked_to_its_borders),
		cmocka_unit_test(broadcasts_of_subnets_are_no_hosts),
		cmocka_unit_test(an_untracked_family_is_unattributed),
		cmocka_unit_test(a_mask_of_0_makes_everything_local),
		cmocka_unit_test(the_last_of_many_local_ranges_is_heeded),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
