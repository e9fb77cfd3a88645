// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one packet costs in the classifier, by the kernel's test run: nanoseconds over a program
 * that does nothing with the same packet. The minimum of many short runs, taken in turns, is stable
 * where averages drift. What a test run cannot show: caches that other work has emptied between two
 * packets, and packets whose headers are not all in one piece.
 *
 * "bench_packet count" is for a machine whose clock counts instructions, see tests/vm/instructions:
 * few runs are enough, and it prints the figure and the name of each packet in tests/recorded.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../bpf/packet.h"
#include "bench.h"
#include "hooks/classifier.h"
#include "hooks/classifier_settings.h"
#include "neighbour.h"
#include "rotation.h"
#include "tables/counters.h"
#include "tables/maps.h"

#define LOCALHOST "00:00:00:00:00:00" /* the test run's device is the loopback */
#define LAN4	  HOST4, "192.168.2.20"
#define LAN6	  HOST6, "2001:db8:1::20"
#define NET4	  HOST4, REMOTE4
#define NET6	  HOST6, REMOTE6
#define UP	  MZ_UPLOAD
#define DOWN	  MZ_DOWNLOAD
#define RECORDED  10 /* so many of the subjects are in tests/recorded */
#define GOAL4	  "<= 12"
#define GOAL6	  "<= 18"
#define GOAL_LAN  "<= 4"
#define GOAL_ARP  "<= 2"

/* Tables for so many addresses of a family, each with classifiers of its own. */
enum room { USUAL, LARGE, FRESH, FULL, ROOMS };
static const unsigned max_hosts[ROOMS] = {4096, 16384, 4096, 1};

enum { NOTHING, CLASSIFIER, PROGRAMS };

struct subject {
	const char *name;
	enum mz_direction hook;
	const char *host, *remote; /* NULL: an ARP request */
	const char *goal;	   /* ns over nothing, as script/bench reads it */
	unsigned books;		   /* frames that it is for its host */
	unsigned hosts; /* rotation.h has it be of these in turn; 0: of one, and without */
	enum room room; /* FRESH: emptied before each run; FULL: by another host */
	bool tagged;	/* with hosts only: a VLAN tag */
	bool super;	/* a super-packet of two frames */
	bool both;	/* another CPU does the same meanwhile */
	int program[PROGRAMS];
	double best[PROGRAMS]; /* ns, of the whole test run */
	struct frame frame;
};

static struct subject subjects[] = {
	{"v4 upload, counted", UP, NET4, GOAL4, .books = 1},
	{"v4 download, counted", DOWN, NET4, GOAL4, .books = 1},
	{"v6 upload, counted", UP, NET6, GOAL6, .books = 1},
	{"v6 download, counted", DOWN, NET6, GOAL6, .books = 1},
	{"v4 ingress, LAN only", UP, LAN4, GOAL_LAN, .books = 0},
	{"v4 egress, LAN only", DOWN, LAN4, GOAL_LAN, .books = 0},
	{"v6 ingress, LAN only", UP, LAN6, GOAL_LAN, .books = 0},
	{"v6 egress, LAN only", DOWN, LAN6, GOAL_LAN, .books = 0},
	{"ARP at ingress", UP, NULL, NULL, GOAL_ARP, .books = 0},
	{"ARP at egress", DOWN, NULL, NULL, GOAL_ARP, .books = 0},
	{"v4 upload, counted, 256 hosts in turn", UP, NET4, GOAL4, .books = 1, .hosts = 256},
	{"v4 download, counted, 256 hosts in turn", DOWN, NET4, GOAL4, .books = 1, .hosts = 256},
	{"v6 upload, counted, 256 hosts in turn", UP, NET6, GOAL6, .books = 1, .hosts = 256},
	{"v6 download, counted, 256 hosts in turn", DOWN, NET6, GOAL6, .books = 1, .hosts = 256},
	{"v4 upload, counted, 10,000 hosts in turn", UP, NET4, "", .books = 1, .hosts = 10000,
		.room = LARGE},
	{"v4 download, counted, 10,000 hosts in turn", DOWN, NET4, "", .books = 1, .hosts = 10000,
		.room = LARGE},
	{"v6 upload, counted, 10,000 hosts in turn", UP, NET6, "", .books = 1, .hosts = 10000,
		.room = LARGE},
	{"v6 download, counted, 10,000 hosts in turn", DOWN, NET6, "", .books = 1, .hosts = 10000,
		.room = LARGE},
	{"v4 ingress, LAN only, 256 hosts in turn", UP, LAN4, "", .books = 0, .hosts = 256},
	{"v6 ingress, LAN only, 256 hosts in turn", UP, LAN6, "", .books = 0, .hosts = 256},
	{"v4 upload, counted, VLAN tag", UP, NET4, "", .books = 1, .hosts = 1, .tagged = true},
	{"v4 download, counted, VLAN tag", DOWN, NET4, "", .books = 1, .hosts = 1, .tagged = true},
	{"v6 upload, counted, VLAN tag", UP, NET6, "", .books = 1, .hosts = 1, .tagged = true},
	{"v6 download, counted, VLAN tag", DOWN, NET6, "", .books = 1, .hosts = 1, .tagged = true},
	{"v4 ingress, LAN only, VLAN tag", UP, LAN4, "", .books = 0, .hosts = 1, .tagged = true},
	{"v6 ingress, LAN only, VLAN tag", UP, LAN6, "", .books = 0, .hosts = 1, .tagged = true},
	{"v4 upload, a super-packet", UP, NET4, "", .books = 2, .super = true},
	{"v4 download, a super-packet", DOWN, NET4, "", .books = 2, .super = true},
	{"v6 upload, a super-packet", UP, NET6, "", .books = 2, .super = true},
	{"v6 download, a super-packet", DOWN, NET6, "", .books = 2, .super = true},
	{"v4 upload, a host's first packet", UP, NET4, "", .books = 1, .hosts = 1000,
		.room = FRESH},
	{"v6 upload, a host's first packet", UP, NET6, "", .books = 1, .hosts = 1000,
		.room = FRESH},
	{"v4 upload, table full", UP, NET4, "", .books = 0, .room = FULL},
	{"v6 upload, table full", UP, NET6, "", .books = 0, .room = FULL},
	{"v4 upload, counted, on two CPUs at once", UP, NET4, "", .books = 1, .both = true},
	{"v6 upload, counted, on two CPUs at once", UP, NET6, "", .books = 1, .both = true},
};

#define SUBJECTS (sizeof(subjects) / sizeof(*subjects))

static struct table {
	struct maps maps;
	int program[MZ_DIRECTIONS];
	int targets; /* of rotations: what does nothing, then the classifiers */
} tables[ROOMS];

static int repeat = 10000, rounds = 300;

static int load_nothing(void)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "mz_nothing", "GPL", code, 2, NULL);
}

/* A home: one subnet of each family and the router's addresses in them and outside. */
static int load(struct table *table, unsigned room, int nothing)
{
	static const char *const own_text[] = {
		"192.168.2.1", "2001:db8:1::1", "203.0.113.9", "2a0a::9"};
	struct config config = {
		.tracked_count = 1, .delegated_count = 1, .tracked = {{.ifname = "lan"}}};
	static struct tracking tracking;
	struct address own[4] = {0};
	struct mz_settings settings;
	int error = maps_open(&table->maps, NULL, room, NULL);

	prefix_parse("192.168.0.0/16", AF_INET, false, &config.tracked[0].prefix);
	prefix_parse("2001:db8:1::/64", AF_INET6, false, &config.delegated[0]);
	for (size_t i = 0; i < 4; i++)
		prefix_parse(own_text[i], AF_UNSPEC, true, &own[i].own);
	tracking_make(&tracking, &config, own, 4, NULL, 0);
	if (!error)
		error = classifier_settings_make(&settings, &config, &tracking, "lan", 0, own, 4);
	if (!error)
		error = classifier_load(&table->maps, &settings, table->program);
	if (error)
		return error;
	table->targets = bpf_map_create(
		BPF_MAP_TYPE_PROG_ARRAY, "mz_targets", 4, 4, 1 + MZ_DIRECTIONS, NULL);
	for (unsigned i = 0; i <= MZ_DIRECTIONS; i++) {
		int *program = i ? &table->program[i - 1] : &nothing;

		if (bpf_map_update_elem(table->targets, &i, program, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

static int show(struct subject *subject, int program, int times)
{
	struct __sk_buff context = {
		.gso_size = subject->super ? 1000 : 0, .gso_segs = subject->super ? 2 : 0};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = subject->frame.bytes,
		.data_size_in = (__u32)subject->frame.length, .ctx_in = &context,
		.ctx_size_in = sizeof(context), .repeat = times);

	if (bpf_prog_test_run_opts(program, &options) < 0)
		return -errno;
	return (int)options.retval == -1 ? 0 : -EBADMSG;
}

static void fill(struct subject *subject, const char *mac)
{
	struct packet packet;

	if (!subject->remote) {
		packet_frame_raw(mac, "ff:ff:ff:ff:ff:ff", ETH_P_ARP, 64, &subject->frame);
		return;
	}
	packet = packet_between(subject->hook, subject->host, subject->remote);
	*(subject->hook == MZ_UPLOAD ? &packet.from : &packet.to) = mac;
	if (subject->hook == MZ_UPLOAD)
		packet.to = LOCALHOST;
	packet.protocol = subject->super ? IPPROTO_TCP : IPPROTO_UDP;
	packet.payload = subject->super ? 2000 : 22;
	packet_frame(&packet, &subject->frame);
}

static int prepare(struct subject *subject, int nothing)
{
	struct table *table = &tables[subject->room];
	struct rotation rotation = {.hook = subject->hook,
		.v6 = subject->host && strchr(subject->host, ':'),
		.tagged = subject->tagged,
		.hosts = subject->hosts,
		.targets = table->targets};

	subject->program[NOTHING] = nothing;
	subject->program[CLASSIFIER] = table->program[subject->hook];
	if (subject->room == FULL) {
		int error;

		fill(subject, OTHER);
		error = show(subject, subject->program[CLASSIFIER], 1);
		if (error)
			return error;
	}
	fill(subject, HOST);
	if (!subject->hosts)
		return 0;
	rotation.counter = bpf_map_create(BPF_MAP_TYPE_ARRAY, "mz_counter", 4, 4, 1, NULL);
	for (int i = 0; i < PROGRAMS; i++) {
		rotation.target = i == NOTHING ? 0 : 1 + (int)subject->hook;
		subject->program[i] = rotation_load(&rotation);
		if (subject->program[i] < 0)
			return subject->program[i];
	}
	close(rotation.counter); /* the programs hold it */
	return 0;
}

/* Takes all hosts out of the tables. */
static void forget(struct maps *maps)
{
	for (uint32_t i = 0; i < 2 * maps->family_slots; i++)
		if (maps->slots[i].state >= MZ_SLOT_HOST4) {
			maps_delete_key(maps, i);
			maps_free_slot(maps, i);
		}
}

/* Of a run: to hosts in turn more than once, but where it is to be the first time. */
static int times(const struct subject *subject)
{
	int hosts = (int)subject->hosts;

	return subject->room == FRESH ? hosts : hosts * 3 > repeat ? hosts * 3 : repeat;
}

static int run(struct subject *subject, int which)
{
	struct neighbour neighbour;
	double start, each;
	int error;

	if (subject->room == FRESH && which == CLASSIFIER)
		forget(&tables[FRESH].maps);
	if (subject->both && !neighbour_start(&neighbour, subject->program[which], &subject->frame))
		return 0; /* not measured, as is told in the end */
	start = now_ms();
	error = show(subject, subject->program[which], times(subject));
	each = (now_ms() - start) * 1e6 / times(subject);
	/* where the other CPU was somebody else's meanwhile, this run does not count */
	if (subject->both && neighbour_stop(&neighbour) < (unsigned)times(subject) / 2)
		return error;
	if (subject->best[which] == 0 || each < subject->best[which])
		subject->best[which] = each;
	return error;
}

static uint64_t packets_counted(struct maps *maps)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < 2 * maps->family_slots; i++) {
		struct mz_counts counts = counters_of(maps, i);

		packets += counts.packets[MZ_UPLOAD] + counts.packets[MZ_DOWNLOAD];
	}
	return packets;
}

/* What the classifier treats otherwise than is said here would measure nothing. */
static int check(struct subject *subject)
{
	struct maps *maps = &tables[subject->room].maps;
	uint64_t before = packets_counted(maps);
	uint64_t expected = (uint64_t)times(subject) * subject->books;
	int error = show(subject, subject->program[CLASSIFIER], times(subject));

	return !error && packets_counted(maps) - before != expected ? -EBADMSG : error;
}

static int measure(size_t subject_count, size_t *at)
{
	int error = 0;

	for (*at = 0; *at < subject_count && !error; *at += !error)
		error = check(&subjects[*at]);
	for (int round = 0; round < rounds && !error; round++)
		for (*at = 0; *at < subject_count && !error; *at += !error)
			for (int i = 0; i < PROGRAMS && !error; i++)
				error = run(&subjects[*at], i);
	return error;
}

/* Returns whether all of them were measured. */
static bool print(size_t subject_count, bool counts)
{
	bool all = true;

	for (size_t i = 0; i < subject_count; i++) {
		const struct subject *s = &subjects[i];
		double net = s->best[CLASSIFIER] - s->best[NOTHING];

		if (s->best[CLASSIFIER] == 0 || s->best[NOTHING] == 0) {
			fprintf(stderr, "bench_packet: %s: there is no other CPU\n", s->name);
			all = false;
		} else if (counts) {
			printf("%.0f\t%s\n", net, s->name);
		} else {
			printf("%s\t%.1f\tns\t%s\tof %.1f\n", s->name, net, s->goal,
				s->best[CLASSIFIER]);
		}
	}
	return all;
}

int main(int argc, char **argv)
{
	bool counts = argc == 2 && strcmp(argv[1], "count") == 0;
	size_t subject_count = counts ? RECORDED : SUBJECTS, at;
	int nothing = load_nothing(), error = nothing < 0 ? -errno : 0;

	if (counts) {
		repeat = 1000; /* less than what is between two ticks */
		rounds = 10;
	}
	for (enum room room = 0; room < ROOMS && !error; room++)
		error = load(&tables[room], max_hosts[room], nothing);
	for (size_t i = 0; i < subject_count && !error; i++)
		error = prepare(&subjects[i], nothing);
	if (error) {
		fprintf(stderr, "bench_packet: cannot load: %s\n", strerror(-error));
		return 1;
	}
	error = measure(subject_count, &at);
	if (error)
		fprintf(stderr, "bench_packet: %s: %s\n", subjects[at].name,
			error == -EBADMSG ? "not counted as expected" : strerror(-error));
	else if (!print(subject_count, counts))
		error = -ENODEV;
	return error ? 1 : 0;
}
