// SPDX-License-Identifier: GPL-2.0-or-later
/* Once on every path: lower devices, and packets that meet several hooks. */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sched.h>

#include "rig.h"

static const struct site home = SITE_HOME;

static void a_lower_device_counts_what_is_routed(void **state)
{
	static const char bridge[] = "02:00:00:00:00:77";
	struct mz_settings port = {.place = MZ_LOWER, .depth = 1, .mac_count = 2};
	static const struct {
		const char *name;
		const char *router;
		bool counted;
	} frames[] = {{"the bridge's MAC", bridge, true}, {"the VLAN's MAC", ROUTER, true},
		{"another gateway's MAC", OTHER, false},
		{"one byte off", "02:00:00:00:00:78", false},
		{"another byte off", "03:00:00:00:00:77", false},
		{"the middle off", "02:00:01:00:00:77", false}};
	struct rig rig;

	rig_open(&rig, state, 64);
	packet_mac(bridge, port.mac[0].byte);
	packet_mac(ROUTER, port.mac[1].byte);
	rig_place(&rig, &home, &port);
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		for (int v6 = 0; v6 < 2; v6++)
			for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
				const char *host = v6 ? HOST6 : HOST4;
				struct packet packet =
					packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
				struct expected expected = {0};

				*(d == MZ_UPLOAD ? &packet.to : &packet.from) = frames[i].router;
				if (frames[i].counted)
					expected.row[0] = (struct expected_row){
						HOST, host, d, 1, packet_headers_length(&packet)};
				rig_send(&rig, frames[i].name, d, &packet);
				rig_expect(&rig, frames[i].name, &expected);
			}
	rig_stop(&rig);
}

/*
 * Just to have a number, this one or, where it is 0, a free one. Returns it; the device is there
 * until *fd is closed.
 */
static unsigned make_device(int *fd, unsigned number)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

	*fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (*fd < 0 || (number && ioctl(*fd, TUNSETIFINDEX, &number) < 0) ||
		ioctl(*fd, TUNSETIFF, &request) < 0)
		rig_skip("no tap device");
	return if_nametoindex(request.ifr_name);
}

/* The record of the last packet is per CPU. */
static void stay_on_this_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* The tracked interface, or a port, which has a further device's number. */
static void start_hook(
	struct rig *hook, const struct rig *rig, const struct mz_settings *place, int *device)
{
	*hook = *rig;
	*device = -1;
	if (place->place == MZ_LOWER)
		hook->ifindex = make_device(device, 0);
	rig_place(hook, &home, place);
}

/* Another device with the same classifier, as its settings are equal. */
static void start_like(struct rig *hook, const struct rig *other, int *device)
{
	*hook = *other;
	hook->ifindex = make_device(device, 0);
}

/*
 * Hooks one after another, as a packet meets them, none of which sees the mark of the one before:
 * the test run makes a new packet each time, as a foreign filter takes the mark away.
 */
static void a_packet_counts_at_the_first_of_its_hooks(void **state)
{
	enum { TRACKED, MIDDLE, PORT, HOOKS };
	/* of packets that are all alike, the hooks they meet */
	static const struct {
		const char *name;
		enum mz_direction hook;
		int path[8];
		unsigned packets;
	} paths[] = {
		{"up", MZ_UPLOAD, {PORT, MIDDLE, TRACKED, -1}, 1},
		{"up through a flowtable", MZ_UPLOAD, {PORT, PORT, PORT, -1}, 3},
		{"up from a port not yet hooked", MZ_UPLOAD, {MIDDLE, TRACKED, TRACKED, -1}, 2},
		{"up, slow and fast", MZ_UPLOAD, {PORT, MIDDLE, TRACKED, PORT, PORT, -1}, 3},
		{"up, fast and slow", MZ_UPLOAD, {PORT, PORT, MIDDLE, TRACKED, -1}, 2},
		{"down", MZ_DOWNLOAD, {TRACKED, MIDDLE, PORT, -1}, 1},
		{"down through a flowtable", MZ_DOWNLOAD, {PORT, PORT, PORT, -1}, 3},
		{"down to a port not yet hooked", MZ_DOWNLOAD, {TRACKED, TRACKED, MIDDLE, -1}, 2},
		{"down, slow and fast", MZ_DOWNLOAD, {TRACKED, MIDDLE, PORT, PORT, PORT, -1}, 3},
		{"down, fast and slow", MZ_DOWNLOAD, {PORT, TRACKED, MIDDLE, PORT, -1}, 2},
	};
	struct mz_settings place = {.mac_count = 1};
	struct rig rig, hooks[HOOKS];
	int device[HOOKS];

	rig_open(&rig, state, 64);
	stay_on_this_cpu();
	packet_mac(ROUTER, place.mac[0].byte);
	for (int i = 0; i < HOOKS; i++) {
		place.place = i == TRACKED ? MZ_UPPER : MZ_LOWER;
		place.depth = (uint8_t)i;
		start_hook(&hooks[i], &rig, &place, &device[i]);
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet =
				packet_between(paths[i].hook, host, v6 ? REMOTE6 : REMOTE4);

			/* not the like of the path before */
			packet.payload = (uint16_t)(100 + i);
			for (const int *at = paths[i].path; *at >= 0; at++)
				rig_send(&hooks[*at], paths[i].name, paths[i].hook, &packet);
			rig_expect(&rig, paths[i].name,
				&(struct expected){
					.row = {{HOST, host, paths[i].hook, paths[i].packets,
						paths[i].packets * (packet_headers_length(&packet) +
									   packet.payload)}}});
		}
	for (int i = 0; i < HOOKS; i++) {
		rig_unload(&hooks[i]);
		close(device[i]);
	}
	rig_stop(&rig);
}

/* As where the bridge itself has no hook at egress: another program's ingress qdisc is there. */
static void a_flooded_download_counts_at_the_first_port(void **state)
{
	enum { FIRST, SECOND, THIRD, HOOKS };
	/* of downloads that are all alike, the ports they leave by */
	static const struct {
		const char *name;
		int path[8];
		unsigned packets;
	} paths[] = {
		{"flooded", {FIRST, SECOND, THIRD, -1}, 1},
		{"flooded twice", {FIRST, SECOND, THIRD, FIRST, SECOND, THIRD, -1}, 2},
		{"to one port", {SECOND, SECOND, SECOND, -1}, 3},
		{"flooded, then to one port", {FIRST, SECOND, THIRD, SECOND, SECOND, -1}, 3},
	};
	struct mz_settings place = {.place = MZ_LOWER, .depth = 1, .mac_count = 1};
	struct rig rig, hooks[HOOKS];
	int device[HOOKS];

	rig_open(&rig, state, 64);
	stay_on_this_cpu();
	packet_mac(ROUTER, place.mac[0].byte);
	start_hook(&hooks[FIRST], &rig, &place, &device[FIRST]);
	for (int i = SECOND; i < HOOKS; i++)
		start_like(&hooks[i], &hooks[FIRST], &device[i]);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet =
				packet_between(MZ_DOWNLOAD, host, v6 ? REMOTE6 : REMOTE4);

			packet.payload = (uint16_t)(100 + i); /* not the like of those before */
			for (const int *at = paths[i].path; *at >= 0; at++)
				rig_send(&hooks[*at], paths[i].name, MZ_DOWNLOAD, &packet);
			rig_expect(&rig, paths[i].name,
				&(struct expected){
					.row = {{HOST, host, MZ_DOWNLOAD, paths[i].packets,
						paths[i].packets * (packet_headers_length(&packet) +
									   packet.payload)}}});
		}
	rig_unload(&hooks[FIRST]);
	for (int i = 0; i < HOOKS; i++)
		close(device[i]);
	rig_stop(&rig);
}

/* Ports are distinguished, whatever index they have. */
static void a_flooded_download_counts_once(void **state)
{
	static const unsigned numbers[] = {1000, 1064, 1128, 1015, 1030};
	enum { PORTS = sizeof(numbers) / sizeof(*numbers) };
	struct mz_settings place = {.place = MZ_UPPER, .mac_count = 1};
	struct packet packet = packet_between(MZ_DOWNLOAD, HOST4, REMOTE4);
	struct rig rig, bridge, port[PORTS];
	int device[PORTS], none;

	rig_open(&rig, state, 64);
	stay_on_this_cpu();
	packet_mac(ROUTER, place.mac[0].byte);
	start_hook(&bridge, &rig, &place, &none);
	place.place = MZ_LOWER;
	place.depth = 1;
	start_hook(&port[0], &rig, &place, &none);
	close(none);
	for (int i = 0; i < PORTS; i++) {
		port[i] = port[0]; /* as their settings are equal */
		port[i].ifindex = make_device(&device[i], numbers[i]);
	}
	for (int like = 0; like < 2; like++) {
		rig_send(&bridge, "flooded", MZ_DOWNLOAD, &packet);
		for (int i = 0; i < PORTS; i++)
			rig_send(&port[i], "flooded", MZ_DOWNLOAD, &packet);
	}
	rig_send(&port[0], "by a flowtable", MZ_DOWNLOAD, &packet);
	rig_expect(&rig, "flooded",
		&(struct expected){.row = {{HOST, HOST4, MZ_DOWNLOAD, 3,
					   3 * packet_headers_length(&packet)}}});
	rig_unload(&bridge);
	rig_unload(&port[0]);
	for (int i = 0; i < PORTS; i++)
		close(device[i]);
	rig_stop(&rig);
}

/*
 * Bridged from port to port, with the router's MAC as its sender's: as somebody forges it, or as a
 * circle of cables brings the router's own back. The next one alike comes from the router.
 */
static void a_forged_download_does_not_count(void **state)
{
	struct mz_settings place = {.place = MZ_LOWER, .depth = 1, .mac_count = 2};
	struct rig rig, in, out[2];
	int device[3];

	rig_open(&rig, state, 64);
	stay_on_this_cpu();
	packet_mac(OTHER, place.mac[0].byte);
	packet_mac(ROUTER, place.mac[1].byte);
	start_hook(&in, &rig, &place, &device[0]);
	start_like(&out[0], &in, &device[1]);
	place.depth = 2;
	start_hook(&out[1], &rig, &place, &device[2]);
	for (int v6 = 0; v6 < 2; v6++)
		for (int tagged = 0; tagged < 2; tagged++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet =
				packet_between(MZ_DOWNLOAD, host, v6 ? REMOTE6 : REMOTE4);
			struct expected expected = {.row = {{HOST, host, MZ_DOWNLOAD, 1, 0}}};

			packet.tag[0] = tagged ? 10 : 0;
			expected.row[0].bytes = packet_headers_length(&packet);
			rig_send(&in, "comes in", MZ_UPLOAD, &packet);
			rig_send(&out[0], "leaves", MZ_DOWNLOAD, &packet);
			rig_send(&out[1], "leaves, flooded", MZ_DOWNLOAD, &packet);
			rig_expect_nothing(&rig, "a forged download");
			rig_send(&out[0], "of the router", MZ_DOWNLOAD, &packet);
			rig_expect(&rig, "a download of the router", &expected);
		}
	rig_unload(&in);
	rig_unload(&out[1]);
	for (int i = 0; i < 3; i++)
		close(device[i]);
	rig_stop(&rig);
}

/* It has the hooks of the bridge that it was a port of before; addresses of both are tracked. */
static void a_port_that_moved_does_not_count_twice(void **state)
{
	struct mz_settings place = {.mac_count = 1};
	struct rig rig, bridge, port;
	int none, device;

	rig_open(&rig, state, 64);
	stay_on_this_cpu();
	packet_mac(ROUTER, place.mac[0].byte);
	for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
		place.place = MZ_UPPER;
		place.depth = 0;
		place.net = d == MZ_UPLOAD ? 1 : 0;
		start_hook(&bridge, &rig, &place, &none);
		place.place = MZ_LOWER;
		place.depth = 1;
		place.net = d == MZ_UPLOAD ? 0 : 1;
		start_hook(&port, &rig, &place, &device);
		for (int v6 = 0; v6 < 2; v6++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
			struct expected expected = {
				.row = {{HOST, host, d, 1, packet_headers_length(&packet)}}};

			rig_send(d == MZ_UPLOAD ? &port : &bridge, "the first hook", d, &packet);
			rig_send(d == MZ_UPLOAD ? &bridge : &port, "the second hook", d, &packet);
			rig_expect(&rig, "a port that moved", &expected);
		}
		rig_unload(&bridge);
		rig_unload(&port);
		close(device);
	}
	rig_stop(&rig);
}

/*
 * One packet that is shown again and again, as if to hooks without a record of it. On its way in,
 * it loses the mark at the tracked interface, behind which another router on this machine may be.
 */
static void a_mark_tells_what_was_counted(void **state)
{
	static const struct {
		const char *name;
		__u16 mark;
		__u8 place;
		unsigned packets[MZ_DIRECTIONS];
	} marks[] = {
		{"at a port", 0x8a54, MZ_LOWER, {1, 1}},
		{"at the tracked interface", 0x8a54, MZ_UPPER, {2, 1}},
		{"no marks", 0, MZ_LOWER, {4, 4}},
	};
	struct mz_settings place = {.mac_count = 1};
	struct frame frame;
	struct rig rig;

	rig_open(&rig, state, 64);
	packet_mac(ROUTER, place.mac[0].byte);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		place.mark = marks[i].mark;
		place.place = marks[i].place;
		rig_place(&rig, &home, &place);
		for (int v6 = 0; v6 < 2; v6++)
			for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
				const char *host = v6 ? HOST6 : HOST4;
				struct packet packet =
					packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
				unsigned packets = marks[i].packets[d];
				size_t bytes = packets * packet_headers_length(&packet);
				struct expected expected = {
					.row = {{HOST, host, d, packets, bytes}}};

				packet_frame(&packet, &frame);
				rig_run(&rig, marks[i].name, d, &frame, NULL, 4);
				rig_expect(&rig, marks[i].name, &expected);
			}
	}
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lower_device_counts_what_is_routed),
		cmocka_unit_test(a_packet_counts_at_the_first_of_its_hooks),
		cmocka_unit_test(a_flooded_download_counts_at_the_first_port),
		cmocka_unit_test(a_flooded_download_counts_once),
		cmocka_unit_test(a_forged_download_does_not_count),
		cmocka_unit_test(a_port_that_moved_does_not_count_twice),
		cmocka_unit_test(a_mark_tells_what_was_counted),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
