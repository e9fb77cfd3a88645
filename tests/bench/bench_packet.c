// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one packet costs in the classifier, by the kernel's test run: nanoseconds over a program
 * that does nothing. The minimum of many short runs, taken in turns, is stable where averages
 * drift. "bench_packet count" is for a machine whose clock counts instructions, see
 * tests/vm/instructions: few runs are enough, and it prints the figure and the name of each.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../bpf/packet.h"
#include "classifier.h"
#include "counters.h"
#include "maps.h"
#include "settings.h"

#define COUNTED	  35 /* goals, ns */
#define LEFT_OUT  5
#define LOCALHOST "00:00:00:00:00:00" /* the test run's device is the loopback */

struct subject {
	const char *name;
	enum mz_direction hook;
	const char *host, *remote; /* NULL: an ARP request */
	double goal;		   /* ns over nothing */
	double best;		   /* ns, of the whole program */
	int program;
	struct frame frame;
};

static struct subject subjects[] = {
	{.name = "nothing"},
	{"v4 upload, counted", MZ_UPLOAD, HOST4, REMOTE4, COUNTED, 0, 0, {{0}, 0}},
	{"v4 download, counted", MZ_DOWNLOAD, HOST4, REMOTE4, COUNTED, 0, 0, {{0}, 0}},
	{"v6 upload, counted", MZ_UPLOAD, HOST6, REMOTE6, COUNTED, 0, 0, {{0}, 0}},
	{"v6 download, counted", MZ_DOWNLOAD, HOST6, REMOTE6, COUNTED, 0, 0, {{0}, 0}},
	{"v4 ingress, LAN only", MZ_UPLOAD, HOST4, "192.168.2.20", LEFT_OUT, 0, 0, {{0}, 0}},
	{"v4 egress, LAN only", MZ_DOWNLOAD, HOST4, "192.168.2.20", LEFT_OUT, 0, 0, {{0}, 0}},
	{"v6 ingress, LAN only", MZ_UPLOAD, HOST6, "2001:db8:1::20", LEFT_OUT, 0, 0, {{0}, 0}},
	{"v6 egress, LAN only", MZ_DOWNLOAD, HOST6, "2001:db8:1::20", LEFT_OUT, 0, 0, {{0}, 0}},
	{"ARP at ingress", MZ_UPLOAD, NULL, NULL, LEFT_OUT, 0, 0, {{0}, 0}},
	{"ARP at egress", MZ_DOWNLOAD, NULL, NULL, LEFT_OUT, 0, 0, {{0}, 0}},
};

#define SUBJECTS (sizeof(subjects) / sizeof(*subjects))

static int repeat = 20000, rounds = 500;

static int load_nothing(void)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "mz_nothing", "GPL", code, 2, NULL);
}

/* A home: one subnet of each family and the router's addresses in them and outside. */
static int load(const struct maps *maps, int programs[MZ_DIRECTIONS])
{
	static const char *const own_text[] = {
		"192.168.2.1", "2001:db8:1::1", "203.0.113.9", "2a0a::9"};
	struct config config = {.trackeds = 1, .delegateds = 1, .tracked = {{.ifname = "lan"}}};
	static struct tracking tracking;
	struct address own[4] = {0};
	struct mz_settings settings;
	int error;

	prefix_parse("192.168.2.0/24", AF_INET, false, &config.tracked[0].prefix);
	prefix_parse("2001:db8:1::/64", AF_INET6, false, &config.delegated[0]);
	for (size_t i = 0; i < 4; i++)
		prefix_parse(own_text[i], AF_UNSPEC, true, &own[i].own);
	tracking_make(&tracking, &config, own, 4);
	error = settings_make(&settings, &config, &tracking, "lan", 0, own, 4);
	return error ? error : classifier_load(maps, &settings, programs);
}

static void fill(struct subject *subject)
{
	struct packet packet;

	if (!subject->remote) {
		packet_frame_raw(HOST, "ff:ff:ff:ff:ff:ff", ETH_P_ARP, 64, &subject->frame);
		return;
	}
	packet = packet_between(subject->hook, subject->host, subject->remote);
	if (subject->hook == MZ_UPLOAD)
		packet.to = LOCALHOST;
	packet.payload = 22;
	packet_frame(&packet, &subject->frame);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int run(struct subject *subject)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = subject->frame.bytes,
		.data_size_in = (__u32)subject->frame.length, .repeat = repeat);
	double start = now_ns(), each;

	if (bpf_prog_test_run_opts(subject->program, &options) < 0)
		return -errno;
	each = (now_ns() - start) / repeat;
	if (subject->best == 0 || each < subject->best)
		subject->best = each;
	return 0;
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

/* What the classifier treats otherwise than its goal says would measure nothing. */
static int check(struct maps *maps, struct subject *subject)
{
	uint64_t expected = subject->goal == COUNTED ? (uint64_t)repeat : 0;
	uint64_t before = packets_counted(maps);
	int error = run(subject);

	return !error && packets_counted(maps) - before != expected ? -EBADMSG : error;
}

static int measure(struct maps *maps, size_t *at)
{
	int error = 0;

	for (*at = 0; *at < SUBJECTS && !error; *at += !error)
		error = check(maps, &subjects[*at]);
	for (int round = 0; round < rounds && !error; round++)
		for (*at = 0; *at < SUBJECTS && !error; *at += !error)
			error = run(&subjects[*at]);
	return error;
}

static void print(void)
{
	double nothing = subjects[0].best;

	printf("%-24s %8s %8s %8s\n", "ns per packet", "all", "net", "goal");
	printf("%-24s %8.1f\n", subjects[0].name, nothing);
	for (size_t i = 1; i < SUBJECTS; i++) {
		const struct subject *s = &subjects[i];
		double net = s->best - nothing;

		printf("%-24s %8.1f %8.1f %8.0f  %s\n", s->name, s->best, net, s->goal,
			net <= s->goal ? "reached" : "missed");
	}
}

static void print_counts(void)
{
	for (size_t i = 1; i < SUBJECTS; i++)
		printf("%.0f\t%s\n", subjects[i].best - subjects[0].best, subjects[i].name);
}

int main(int argc, char **argv)
{
	bool counts = argc == 2 && strcmp(argv[1], "count") == 0;
	int programs[MZ_DIRECTIONS], error;
	struct maps maps;
	size_t at;

	if (counts) {
		repeat = 1000; /* less than what is between two ticks */
		rounds = 10;
	}
	error = maps_open(&maps, NULL, 4096, NULL);
	if (!error)
		error = load(&maps, programs);
	subjects[0].program = error ? -1 : load_nothing();
	if (error || subjects[0].program < 0) {
		fprintf(stderr, "bench_packet: cannot load: %s\n",
			strerror(error ? -error : errno));
		return 1;
	}
	packet_frame_raw(HOST, LOCALHOST, ETH_P_IP, 64, &subjects[0].frame);
	for (size_t i = 1; i < SUBJECTS; i++) {
		fill(&subjects[i]);
		subjects[i].program = programs[subjects[i].hook];
	}
	error = measure(&maps, &at);
	if (error)
		fprintf(stderr, "bench_packet: %s: %s\n", subjects[at].name,
			error == -EBADMSG ? "not counted as expected" : strerror(-error));
	else if (counts)
		print_counts();
	else
		print();
	maps_close(&maps);
	return error ? 1 : 0;
}
