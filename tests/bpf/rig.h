/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the classifier in the kernel on one frame at a time and compares everything it counted with
 * what a test expects. The kernel's test run tells a frame's receiver by the MAC of the loopback
 * device, so each test program has a network namespace of its own, in which lo has ROUTER's MAC.
 */
#ifndef MZ_TEST_RIG_H
#define MZ_TEST_RIG_H

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "hooks/classifier.h"
#include "hooks/classifier_settings.h"
#include "model/tally.h"
#include "packet.h"
#include "tables/counters.h"
#include "tables/maps.h"

#define SITE_LIST 9
#define RIG_NET	  7 /* the number of the tracked interface, lan0 */

/* The configuration, as on the command line. */
struct site {
	const char *tracked[SITE_LIST];	  /* -4 or -i: prefixes of lan0 */
	const char *elsewhere[SITE_LIST]; /* those of lan1 */
	const char *delegated[SITE_LIST]; /* -6 */
	const char *own[SITE_LIST];	  /* addresses the router holds */
	const char *local[SITE_LIST];	  /* --local */
	bool from_ip;			  /* --bytes ip */
};

#define SITE_HOME                                                                                  \
	{                                                                                          \
		.tracked = {"192.168.2.1/24"}, .delegated = {"2001:db8:1::/64"},                   \
		.own = {"192.168.2.1", "192.168.2.2", "2001:db8:1::1", "2001:db8:1::2", "fe80::1", \
			"203.0.113.9"},                                                            \
	}

struct rig {
	struct maps maps;
	struct counters counters;
	struct archive archive; /* nothing in it */
	int program[MZ_DIRECTIONS];
	unsigned ifindex; /* of the device that frames pass; 0: lo */
};

/* One direction of one address. */
struct expected_row {
	const char *mac, *addr;
	enum mz_direction direction;
	uint64_t packets, bytes;
};

/* All that is expected in the tables. */
struct expected {
	struct expected_row row[8]; /* up to the first without a MAC */
	struct mz_volume unattributed[MZ_DIRECTIONS][MZ_REASONS];
};

/* Group setup. Where it cannot work, *state says why and rig_start() skips each test. */
static inline int rig_isolate(void **state)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = -1, error = unshare(CLONE_NEWNET);

	if (!error)
		error = fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	request.ifr_hwaddr.sa_family = ARPHRD_LOOPBACK;
	packet_mac(ROUTER, (uint8_t *)request.ifr_hwaddr.sa_data);
	if (fd >= 0) {
		error = ioctl(fd, SIOCSIFHWADDR, &request);
		close(fd);
	}
	if (error < 0)
		*state = geteuid() ? "needs root" : "no network namespace of its own";
	return 0;
}

static inline void rig_skip(const char *reason)
{
	print_message("skipped: %s\n", reason);
	skip();
}

static inline void site_prefix(const char *text, struct prefix *prefix)
{
	const char *problem = prefix_parse(text, AF_UNSPEC, true, prefix);

	if (problem)
		fail_msg("%s: %s", text, problem);
}

static inline void site_settings(
	const struct site *site, unsigned net, struct mz_settings *settings)
{
	struct config config = {.bytes_from_ip = site->from_ip};
	static struct tracking tracking;
	struct address own[SITE_LIST] = {0};
	size_t own_count = 0;

	for (size_t i = 0; site->tracked[i]; i++) {
		struct config_tracked *tracked = &config.tracked[config.tracked_count++];

		site_prefix(site->tracked[i], &tracked->prefix);
		memcpy(tracked->ifname, "lan0", 5);
	}
	for (size_t i = 0; site->elsewhere[i]; i++) {
		struct config_tracked *tracked = &config.tracked[config.tracked_count++];

		site_prefix(site->elsewhere[i], &tracked->prefix);
		memcpy(tracked->ifname, "lan1", 5);
	}
	for (size_t i = 0; site->delegated[i]; i++)
		site_prefix(site->delegated[i], &config.delegated[config.delegated_count++]);
	for (size_t i = 0; site->local[i]; i++)
		site_prefix(site->local[i], &config.local[config.local_count++]);
	for (; site->own[own_count]; own_count++)
		site_prefix(site->own[own_count], &own[own_count].own);
	tracking_make(&tracking, &config, own, own_count, NULL, 0);
	assert_int_equal(
		classifier_settings_make(settings, &config, &tracking, "lan0", net, own, own_count),
		0);
}

static inline void rig_load(struct rig *rig, const struct site *site, unsigned net)
{
	struct mz_settings settings;

	site_settings(site, net, &settings);
	assert_int_equal(classifier_load(&rig->maps, &settings, rig->program), 0);
}

static inline void rig_unload(struct rig *rig)
{
	close(rig->program[MZ_UPLOAD]);
	close(rig->program[MZ_DOWNLOAD]);
}

/* Loads anew, for a hook on that place; its net counts from RIG_NET on. */
static inline void rig_place(
	struct rig *rig, const struct site *site, const struct mz_settings *place)
{
	struct mz_settings settings;

	rig_unload(rig);
	site_settings(site, RIG_NET + place->net, &settings);
	settings.place = place->place;
	settings.depth = place->depth;
	settings.mark = place->mark;
	settings.pvid = place->pvid;
	settings.port_tags = place->port_tags;
	settings.tag_count = place->tag_count;
	memcpy(settings.tag, place->tag, sizeof(settings.tag));
	settings.vlan_count = place->vlan_count;
	memcpy(settings.vlan, place->vlan, sizeof(settings.vlan));
	settings.mac_count = place->mac_count;
	memcpy(settings.mac, place->mac, sizeof(settings.mac));
	assert_int_equal(classifier_load(&rig->maps, &settings, rig->program), 0);
}

/* Without a classifier: rig_place() loads one. */
static inline void rig_open(struct rig *rig, void *const *state, unsigned max_hosts)
{
	int error;

	if (*state)
		rig_skip(*state);
	error = maps_open(&rig->maps, NULL, max_hosts, NULL);
	if (error == -EPERM || error == -ENOSYS || error == -EACCES)
		rig_skip("the kernel refuses BPF maps");
	assert_int_equal(error, 0);
	memset(&rig->archive, 0, sizeof(rig->archive));
	assert_int_equal(counters_init(&rig->counters, &rig->maps), 0);
	rig->ifindex = 0;
	rig->program[MZ_UPLOAD] = rig->program[MZ_DOWNLOAD] = -1;
}

static inline void rig_start(
	struct rig *rig, void *const *state, const struct site *site, unsigned max_hosts)
{
	rig_open(rig, state, max_hosts);
	rig_load(rig, site, RIG_NET);
}

static inline void rig_stop(struct rig *rig)
{
	rig_unload(rig);
	counters_finish(&rig->counters);
	maps_close(&rig->maps);
}

/* All that was counted, in a tally that was begun by tally_init(). */
static inline void rig_read(struct rig *rig, struct tally *tally)
{
	assert_int_equal(counters_read(&rig->counters, &rig->maps, &rig->archive, 1, tally), 0);
}

/*
 * Shows a frame to what is attached at ingress (MZ_UPLOAD) or egress (MZ_DOWNLOAD), repeat times.
 * Checks that the packet goes on to the next filter as it came.
 */
static inline void rig_run(const struct rig *rig, const char *name, enum mz_direction hook,
	const struct frame *frame, const struct packet *packet, int repeat)
{
	struct __sk_buff in = {
		.mark = 0x12345678, .priority = 7, .cb = {1, 2, 3, 4, 5}, .ifindex = rig->ifindex};
	struct __sk_buff out = {0};
	unsigned char after[FRAME_MAX];

	if (packet) {
		in.gso_size = packet->gso_size;
		in.gso_segs = packet->gso_segs;
	}
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		.data_size_in = (__u32)frame->length, .data_out = after,
		.data_size_out = sizeof(after), .ctx_in = &in, .ctx_size_in = sizeof(in),
		.ctx_out = &out, .ctx_size_out = sizeof(out), .repeat = repeat);

	if (bpf_prog_test_run_opts(rig->program[hook], &options) < 0)
		fail_msg("%s: test run: %s", name, strerror(errno));
	if ((int)options.retval != -1)
		fail_msg("%s: returned %d, not TC_ACT_UNSPEC", name, (int)options.retval);
	if (options.data_size_out != frame->length ||
		memcmp(after, frame->bytes, frame->length) != 0)
		fail_msg("%s: the packet was changed", name);
	if (out.mark != in.mark || out.priority != in.priority ||
		memcmp(out.cb, in.cb, sizeof(in.cb)) != 0)
		fail_msg("%s: what other programs know about the packet was changed", name);
}

static inline void rig_send(const struct rig *rig, const char *name, enum mz_direction hook,
	const struct packet *packet)
{
	struct frame frame;

	packet_frame(packet, &frame);
	rig_run(rig, name, hook, &frame, packet, 1);
}

/* Takes all addresses out of the tables, as if they had never been there. */
static inline void rig_clear(struct rig *rig)
{
	struct mz_volume *zero = calloc(rig->maps.cpus, sizeof(*zero));

	for (__u32 i = 0; i < 2 * rig->maps.family_slots; i++)
		if (rig->maps.slots[i].state >= MZ_SLOT_HOST4) {
			assert_int_equal(maps_delete_key(&rig->maps, i), 0);
			assert_int_equal(maps_free_slot(&rig->maps, i), 0);
		}
	for (__u32 i = 0; i < MZ_DIRECTIONS * MZ_REASONS && zero; i++)
		bpf_map_update_elem(rig->maps.fd[MAPS_UNATTRIBUTED], &i, zero, BPF_ANY);
	free(zero);
}

/* Sums up what is expected for one row of the tables, as if nothing else were in them. */
static inline struct mz_counts expected_counts(
	const struct expected *expected, const struct tally_row *row)
{
	struct mz_counts counts = {0};

	for (const struct expected_row *b = expected->row; b->mac; b++) {
		uint8_t mac[6], addr[16];

		packet_mac(b->mac, mac);
		if (packet_address(b->addr, addr) != row->family ||
			memcmp(mac, row->mac, sizeof(mac)) != 0 ||
			memcmp(addr, row->addr, sizeof(addr)) != 0)
			continue;
		counts.bytes[b->direction] += b->bytes;
		counts.packets[b->direction] += b->packets;
	}
	return counts;
}

static inline void rig_print(const struct tally *tally)
{
	for (uint32_t i = 0; i < tally->count; i++) {
		const struct tally_row *r = &tally->rows[i];
		char addr[INET6_ADDRSTRLEN];

		print_error(
			"  %02x:%02x:%02x:%02x:%02x:%02x %s net %u: up %llu bytes, %llu packets; "
			"down %llu, %llu\n",
			r->mac[0], r->mac[1], r->mac[2], r->mac[3], r->mac[4], r->mac[5],
			inet_ntop(r->family, r->addr, addr, sizeof(addr)), r->net,
			(unsigned long long)r->counts.bytes[MZ_UPLOAD],
			(unsigned long long)r->counts.packets[MZ_UPLOAD],
			(unsigned long long)r->counts.bytes[MZ_DOWNLOAD],
			(unsigned long long)r->counts.packets[MZ_DOWNLOAD]);
	}
	for (int d = 0; d < MZ_DIRECTIONS; d++)
		for (int reason = 0; reason < MZ_REASONS; reason++)
			if (tally->unattributed[d][reason].packets)
				print_error("  unattributed, direction %d, reason %d: %llu bytes, "
					    "%llu packets\n",
					d, reason,
					(unsigned long long)tally->unattributed[d][reason].bytes,
					(unsigned long long)tally->unattributed[d][reason].packets);
}

static inline bool expected_match(const struct expected *expected, const struct tally *tally)
{
	uint64_t packets = 0, seen = 0;
	bool match = memcmp(expected->unattributed, tally->unattributed,
			     sizeof(expected->unattributed)) == 0;

	for (const struct expected_row *b = expected->row; b->mac; b++)
		packets += b->packets;
	for (uint32_t i = 0; i < tally->count; i++) {
		const struct tally_row *row = &tally->rows[i];
		struct mz_counts counts = expected_counts(expected, row);

		match = match && row->net == RIG_NET &&
			memcmp(&counts, &row->counts, sizeof(counts)) == 0;
		seen += row->counts.packets[MZ_UPLOAD] + row->counts.packets[MZ_DOWNLOAD];
	}
	return match && seen == packets;
}

/* Compares all tables with expected, and empties them. */
static inline void rig_expect(struct rig *rig, const char *name, const struct expected *expected)
{
	struct tally tally;
	bool match;

	tally_init(&tally);
	rig_read(rig, &tally);
	match = expected_match(expected, &tally);
	if (!match) {
		print_error("%s: counted\n", name);
		rig_print(&tally);
	}
	tally_finish(&tally);
	rig_clear(rig);
	if (!match)
		fail_msg("%s: not what was expected", name);
}

static inline void rig_expect_nothing(struct rig *rig, const char *name)
{
	rig_expect(rig, name, &(struct expected){0});
}

#endif
