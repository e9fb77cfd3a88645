// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables: full ones, two CPUs at once, and large counts. */
#include <pthread.h>
#include <stdatomic.h>

#include "rig.h"

#define CAPACITY 16
#define TRIALS	 5000
#define REPEAT	 100000

static const struct site home = SITE_HOME;

/* A host of its own for each number. */
static void host_address(char addr[INET6_ADDRSTRLEN], bool v6, unsigned number)
{
	if (v6)
		snprintf(addr, INET6_ADDRSTRLEN, "2001:db8:1::%x", 0x1000 + number);
	else
		snprintf(addr, INET6_ADDRSTRLEN, "10.1.%u.%u", number >> 8, number & 0xff);
}

static const struct site large = {.tracked = {"10.0.0.0/8"}, .delegated = {"2001:db8:1::/64"}};

static void add(struct mz_volume *sum, uint64_t packets, uint64_t bytes)
{
	sum->packets += packets;
	sum->bytes += bytes;
}

/* Sends one packet each way for three times as many hosts as there is room for, twice. */
static void overfill(struct rig *rig, bool v6, struct mz_volume sent[MZ_DIRECTIONS])
{
	for (unsigned i = 0; i < 2 * 3 * CAPACITY; i++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
			char addr[INET6_ADDRSTRLEN];
			struct packet packet;

			host_address(addr, v6, i % (3 * CAPACITY));
			packet = packet_between(d, addr, v6 ? REMOTE6 : REMOTE4);
			packet.payload = (uint16_t)(i + 1000 * d);
			rig_send(rig, addr, d, &packet);
			add(&sent[d], 1, packet_headers_length(&packet) + packet.payload);
		}
}

static void a_full_table_loses_nothing(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct mz_volume sent[MZ_DIRECTIONS] = {{0}}, seen[MZ_DIRECTIONS] = {{0}};
		struct tally tally;
		struct rig rig;

		rig_start(&rig, state, &large, CAPACITY);
		overfill(&rig, v6, sent);
		tally_init(&tally);
		rig_read(&rig, &tally);
		assert_int_equal(tally.count, CAPACITY);
		assert_int_equal(tally.entries[v6], CAPACITY);
		assert_int_equal(tally.capacity[v6], CAPACITY);
		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			for (unsigned i = 0; i < CAPACITY; i++) {
				const struct mz_counts *counts = &tally.rows[i].counts;

				/* those that are in the table go on counting */
				assert_int_equal(counts->packets[d], 2);
				add(&seen[d], counts->packets[d], counts->bytes[d]);
			}
			assert_int_equal(
				tally.unattributed[d][MZ_TABLE_FULL].packets, 2 * 2 * CAPACITY);
			for (int reason = 0; reason < MZ_REASONS; reason++)
				add(&seen[d], tally.unattributed[d][reason].packets,
					tally.unattributed[d][reason].bytes);
			assert_int_equal(seen[d].packets, sent[d].packets);
			assert_int_equal(seen[d].bytes, sent[d].bytes);
		}
		tally_finish(&tally);
		rig_stop(&rig);
	}
}

static void a_super_packet_without_room_counts_as_its_frames(void **state)
{
	struct packet packet = packet_between(MZ_DOWNLOAD, HOST4, REMOTE4);
	struct expected expected = {.row = {{HOST, HOST4, MZ_DOWNLOAD, 1, 54}}};
	struct rig rig;

	rig_start(&rig, state, &home, 1);
	packet.protocol = IPPROTO_TCP;
	rig_send(&rig, "fills the table", MZ_DOWNLOAD, &packet);
	packet.to = OTHER;
	packet.payload = 2500;
	packet.gso_size = 1000;
	packet.gso_segs = 3;
	rig_send(&rig, "a super-packet", MZ_DOWNLOAD, &packet);
	expected.unattributed[MZ_DOWNLOAD][MZ_TABLE_FULL] = (struct mz_volume){3 * 54 + 2500, 3};
	rig_expect(&rig, "a super-packet and a full table", &expected);
	rig_stop(&rig);
}

static void a_full_table_of_one_family_leaves_the_other_alone(void **state)
{
	struct mz_volume sent[MZ_DIRECTIONS] = {{0}};
	struct tally tally;
	struct rig rig;

	rig_start(&rig, state, &large, CAPACITY);
	overfill(&rig, true, sent);
	for (unsigned i = 0; i < CAPACITY; i++) {
		char addr[INET6_ADDRSTRLEN];
		struct packet packet;

		host_address(addr, false, i);
		packet = packet_between(MZ_UPLOAD, addr, REMOTE4);
		rig_send(&rig, addr, MZ_UPLOAD, &packet);
	}
	tally_init(&tally);
	rig_read(&rig, &tally);
	assert_int_equal(tally.entries[0], CAPACITY);
	assert_int_equal(tally.unattributed[MZ_UPLOAD][MZ_TABLE_FULL].packets, 2 * 2 * CAPACITY);
	tally_finish(&tally);
	rig_stop(&rig);
}

/*
 * What a CPU finds when another one gives the entry that it is reading to a new address: a slot
 * of another address than it seeks. Unattributed is better than attributed to that one.
 */
static void an_entry_that_leads_to_another_address_is_not_believed(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct mz_key4 key4 = {.host = {.net = RIG_NET}};
		struct mz_key6 key6 = {.host = {.net = RIG_NET}};
		struct packet packet =
			packet_between(MZ_UPLOAD, v6 ? HOST6 : HOST4, v6 ? REMOTE6 : REMOTE4);
		size_t length = packet_headers_length(&packet) + packet.payload;
		struct expected expected = {.row = {{HOST, packet.src, MZ_UPLOAD, 1, length}}};
		const char *other = v6 ? "2001:db8:1::20" : "192.168.2.20";
		__u32 slot = 0;
		struct rig rig;

		rig_start(&rig, state, &home, CAPACITY);
		rig_send(&rig, "has a slot", MZ_UPLOAD, &packet);
		if (v6)
			slot = rig.maps.family_slots;
		packet.src = other;
		packet_mac(HOST, key4.host.mac);
		packet_mac(HOST, key6.host.mac);
		inet_pton(AF_INET, other, &key4.addr);
		inet_pton(AF_INET6, other, key6.addr);
		assert_int_equal(bpf_map_update_elem(rig.maps.fd[v6 ? MAPS_HOSTS6 : MAPS_HOSTS4],
					 v6 ? (void *)&key6 : (void *)&key4, &slot, BPF_ANY),
			0);
		rig_send(&rig, "finds another's", MZ_UPLOAD, &packet);
		expected.unattributed[MZ_UPLOAD][MZ_INSERT_FAILED] = (struct mz_volume){length, 1};
		rig_expect(&rig, "an entry of another address", &expected);
		rig_stop(&rig);
	}
}

static void counts_go_beyond_32_bits(void **state)
{
	/* the largest super-packet: 65,535 frames, so that packets go there, too */
	const uint64_t segments = 65535, repeat = 70000;

	for (int v6 = 0; v6 < 2; v6++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
			struct frame frame;
			struct rig rig;

			packet.gso_size = 1;
			packet.gso_segs = (uint16_t)segments;
			packet_frame(&packet, &frame);
			rig_start(&rig, state, &home, 1);
			rig_run(&rig, "large", d, &frame, &packet, (int)repeat);
			rig_expect(&rig, "large counts",
				&(struct expected){.row = {{HOST, host, d, segments * repeat,
							   segments * repeat * frame.length}}});
			rig_stop(&rig);
		}
}

/* One of two threads that show packets to the classifier at the same moments. */
struct racer {
	const struct rig *rig;
	atomic_uint *arrived; /* of both, in all trials so far */
	enum mz_direction direction;
	bool v6;
	unsigned trials;
	int cpu, repeat, error;
	pthread_t thread;
};

static void await(atomic_uint *arrived, unsigned count)
{
	atomic_fetch_add(arrived, 1);
	for (unsigned spins = 0; atomic_load(arrived) < count; spins++)
		if (spins % 20000 == 19999)
			sched_yield(); /* the other may need this CPU to get there */
}

static void *race(void *argument)
{
	struct racer *racer = argument;
	struct frame frame;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(racer->cpu, &cpus);
	racer->error = sched_setaffinity(0, sizeof(cpus), &cpus);
	for (unsigned i = 0; i < racer->trials; i++) {
		char addr[INET6_ADDRSTRLEN];
		struct packet packet;

		host_address(addr, racer->v6, i);
		packet = packet_between(racer->direction, addr, racer->v6 ? REMOTE6 : REMOTE4);
		packet_frame(&packet, &frame);
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.bytes,
			.data_size_in = (__u32)frame.length, .repeat = racer->repeat);
		await(racer->arrived, 2 * (i + 1));
		if (bpf_prog_test_run_opts(racer->rig->program[racer->direction], &options) < 0)
			racer->error = -1;
	}
	return NULL;
}

/* Two CPUs that this process may use. */
static void two_cpus(int cpu[2])
{
	cpu_set_t cpus;
	int found = 0;

	CPU_ZERO(&cpus);
	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	for (int i = 0; i < CPU_SETSIZE && found < 2; i++)
		if (CPU_ISSET(i, &cpus))
			cpu[found++] = i;
	if (found < 2)
		rig_skip("needs two CPUs");
}

/*
 * Has two CPUs count at the same place, as packets do that preempt each other on one: as on a
 * kernel for real time.
 */
static void share_counts(struct rig *rig)
{
	struct maps shared = rig->maps;
	struct mz_settings settings;

	rig_unload(rig);
	site_settings(&large, RIG_NET, &settings);
	settings.preempted = true;
	shared.family_slots = 0; /* from one CPU's counts to those of the next */
	assert_int_equal(classifier_load(&shared, &settings, rig->program), 0);
}

/* The first racer uploads, the second does what it is told. Each host moves repeat packets each. */
static void check_race(void *const *state, bool v6, enum mz_direction second, unsigned trials,
	int repeat, bool shared)
{
	uint64_t expected[MZ_DIRECTIONS] = {(uint64_t)repeat};
	atomic_uint arrived = 0;
	struct racer racer[2];
	struct tally tally;
	struct rig rig;
	int cpu[2];

	two_cpus(cpu);
	rig_start(&rig, state, &large, trials);
	if (shared)
		share_counts(&rig);
	expected[second] += (uint64_t)repeat;
	for (int i = 0; i < 2; i++) {
		racer[i] = (struct racer){.rig = &rig, .arrived = &arrived, .v6 = v6};
		racer[i].direction = i ? second : MZ_UPLOAD;
		racer[i].cpu = cpu[i];
		racer[i].trials = trials;
		racer[i].repeat = repeat;
		assert_int_equal(pthread_create(&racer[i].thread, NULL, race, &racer[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(racer[i].thread, NULL);
	assert_int_equal(racer[0].error, 0);
	assert_int_equal(racer[1].error, 0);
	tally_init(&tally);
	rig_read(&rig, &tally);
	assert_int_equal(tally.count, trials);
	for (unsigned i = 0; i < trials; i++)
		for (int d = 0; d < MZ_DIRECTIONS; d++)
			assert_int_equal(tally.rows[i].counts.packets[d], expected[d]);
	for (int d = 0; d < MZ_DIRECTIONS; d++)
		for (int reason = 0; reason < MZ_REASONS; reason++)
			assert_int_equal(tally.unattributed[d][reason].packets, 0);
	tally_finish(&tally);
	rig_stop(&rig);
}

static void first_packets_on_two_cpus_are_both_counted(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		check_race(state, v6, MZ_UPLOAD, TRIALS, 1, false);
		check_race(state, v6, MZ_DOWNLOAD, TRIALS, 1, false);
	}
}

static void two_cpus_on_one_host_lose_nothing(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		check_race(state, v6, MZ_UPLOAD, 3, REPEAT, false);
		check_race(state, v6, MZ_DOWNLOAD, 3, REPEAT, false);
	}
}

static void packets_that_preempt_each_other_lose_nothing(void **state)
{
	for (int v6 = 0; v6 < 2; v6++)
		check_race(state, v6, MZ_UPLOAD, 3, REPEAT, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_table_loses_nothing),
		cmocka_unit_test(a_super_packet_without_room_counts_as_its_frames),
		cmocka_unit_test(a_full_table_of_one_family_leaves_the_other_alone),
		cmocka_unit_test(an_entry_that_leads_to_another_address_is_not_believed),
		cmocka_unit_test(counts_go_beyond_32_bits),
		cmocka_unit_test(first_packets_on_two_cpus_are_both_counted),
		cmocka_unit_test(two_cpus_on_one_host_lose_nothing),
		cmocka_unit_test(packets_that_preempt_each_other_lose_nothing),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
