// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses that leave the tables: nothing is lost, twice, or in the way. */
#include "rig.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tables/retire.h"

#define PINS	 "/tmp" /* a bpffs of the test's own mount namespace */
#define CAPACITY 64

static const struct site home = SITE_HOME;
static struct rig rig;
static struct retire retire;
static struct tally tally;
static uint32_t now_s;

static int isolate(void **state)
{
	rig_isolate(state);
	if (!*state && (unshare(CLONE_NEWNS) < 0 ||
			       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			       mount("bpf", PINS, "bpf", 0, NULL) < 0))
		*state = "no bpf file system of its own";
	return 0;
}

static void start_with(void **state, unsigned capacity)
{
	rig_start(&rig, state, &home, capacity);
	now_s = 1000;
	tally_init(&tally);
	remove(PINS "/mz_past");
	assert_int_equal(archive_open(&rig.archive, PINS, 2 * capacity), 0);
	assert_int_equal(retire_start(&retire, &rig.maps, &rig.archive, 0), 0);
}

static void start(void **state)
{
	start_with(state, CAPACITY);
}

static void finish(void)
{
	archive_close(&rig.archive);
	tally_finish(&tally);
	rig_stop(&rig);
}

/* One packet up from the nth host, whose MAC is its own. */
static void speak(unsigned n)
{
	struct packet packet;
	char mac[18], addr[16];

	snprintf(mac, sizeof(mac), "02:00:00:00:01:%02x", n);
	snprintf(addr, sizeof(addr), "192.168.2.%u", 10 + n);
	packet = packet_between(MZ_UPLOAD, addr, REMOTE4);
	packet.from = mac;
	rig_send(&rig, addr, MZ_UPLOAD, &packet);
}

static void pull(void)
{
	assert_int_equal(counters_read(&rig.counters, &rig.maps, &rig.archive, now_s, &tally), 0);
}

/* All packets, attributed or not. */
static uint64_t packets(void)
{
	uint64_t sum = 0;

	pull();
	for (uint32_t i = 0; i < tally.count; i++)
		sum += tally.rows[i].counts.packets[MZ_UPLOAD];
	for (int r = 0; r < MZ_REASONS; r++)
		sum += tally.unattributed[MZ_UPLOAD][r].packets;
	return sum;
}

static int step(uint32_t idle)
{
	return retire_step(&retire, &rig.maps, &rig.archive, PINS, tally.entries, idle, now_s,
		(uint64_t)now_s * 1000);
}

/* Time goes by: all that is silent leaves. */
static void let_leave(uint32_t idle)
{
	pull();
	now_s += 100;
	assert_int_equal(step(idle), 0);
	now_s += 2;
	pull();
	assert_true(step(idle) >= 0);
}

static void what_leaves_stays_with_its_host_and_makes_room(void **state)
{
	start(state);
	for (unsigned n = 0; n < 3; n++)
		speak(n);
	speak(1);
	assert_int_equal(packets(), 4);
	assert_int_equal(tally.entries[0], 3);
	let_leave(50);
	assert_int_equal(packets(), 4);
	assert_int_equal(tally.entries[0], 0);
	assert_int_equal(tally.count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(tally_is_retired(&tally.rows[i]));
	assert_int_equal(tally.rows[1].counts.packets[MZ_UPLOAD], 2);
	/* one comes back: a row of its own beside the archive's */
	speak(1);
	assert_int_equal(packets(), 5);
	assert_int_equal(tally.count, 4);
	let_leave(50);
	assert_int_equal(packets(), 5);
	assert_int_equal(tally.count, 3);
	finish();
}

static void who_speaks_does_not_leave(void **state)
{
	start(state);
	speak(1);
	speak(2);
	pull();
	now_s += 100;
	speak(2);
	pull();
	assert_int_equal(step(50), 0);
	assert_int_equal(retire.retiring, 1);
	finish();
}

static void who_speaks_while_leaving_loses_nothing(void **state)
{
	start(state);
	speak(1);
	pull();
	now_s += 100;
	assert_int_equal(step(50), 0);
	assert_int_equal(retire.retiring, 1);
	speak(1); /* finds no slot by its key any more */
	speak(1);
	assert_int_equal(packets(), 3);
	assert_int_equal(tally.count, 1);
	now_s += 2;
	assert_int_equal(step(50), 1);
	assert_int_equal(packets(), 3);
	assert_int_equal(tally.count, 2);
	finish();
}

static void who_cannot_be_told_to_leave_stays(void **state)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = BPF_F_RDONLY);
	int fd;

	start(state);
	fd = rig.maps.fd[MAPS_HOSTS4];
	speak(1);
	pull();
	now_s += 100;
	assert_int_equal(bpf_obj_pin(fd, PINS "/mz_hosts4"), 0);
	rig.maps.fd[MAPS_HOSTS4] = bpf_obj_get_opts(PINS "/mz_hosts4", &options);
	assert_int_equal(step(50), -EPERM); /* its key stays, and leads to its slot */
	now_s += 2;
	pull();
	step(50);
	speak(1);
	assert_int_equal(packets(), 2);
	remove(PINS "/mz_hosts4");
	close(rig.maps.fd[MAPS_HOSTS4]);
	rig.maps.fd[MAPS_HOSTS4] = fd;
	let_leave(50);
	speak(1);
	assert_int_equal(packets(), 3);
	finish();
}

static void a_crash_between_marking_and_emptying_is_made_good(void **state)
{
	start(state);
	speak(1);
	speak(2);
	pull();
	now_s += 100;
	assert_int_equal(step(50), 0);
	/* the daemon dies, and another one starts */
	archive_close(&rig.archive);
	assert_int_equal(archive_open(&rig.archive, PINS, 2 * CAPACITY), 0);
	assert_int_equal(retire_start(&retire, &rig.maps, &rig.archive, now_s * 1000ull), 0);
	assert_int_equal(retire.retiring, 2);
	assert_int_equal(packets(), 2);
	now_s += 2;
	assert_int_equal(step(50), 1);
	assert_int_equal(packets(), 2);
	finish();
}

static void a_crash_between_commit_and_emptying_is_made_good(void **state)
{
	struct mz_counts counts;

	start(state);
	speak(1);
	let_leave(50);
	assert_int_equal(packets(), 1);
	/* as if the slot had not been emptied yet */
	speak(1);
	for (uint32_t i = 0; i < CAPACITY; i++)
		if (rig.maps.slots[i].state == MZ_SLOT_HOST4) {
			assert_int_equal(maps_delete_key(&rig.maps, i), 0);
			rig.maps.slots[i].state = MZ_SLOT_RETIRING4;
			rig.maps.slots[i].stamp = rig.archive.head.generation;
			counts = counters_of(&rig.maps, i);
			assert_int_equal(counts.packets[MZ_UPLOAD], 1);
		}
	assert_int_equal(packets(), 1);
	archive_close(&rig.archive);
	assert_int_equal(archive_open(&rig.archive, PINS, 2 * CAPACITY), 0);
	assert_int_equal(retire_start(&retire, &rig.maps, &rig.archive, 0), 0);
	assert_int_equal(retire.retiring, 0);
	assert_int_equal(packets(), 1);
	finish();
}

static void a_full_table_gives_up_what_said_least(void **state)
{
	start(state);
	for (unsigned n = 0; n < CAPACITY + 5; n++)
		speak(n);
	for (unsigned n = 0; n < 10; n++) /* these are real hosts */
		for (unsigned i = 0; i < 3; i++)
			speak(n);
	assert_int_equal(packets(), CAPACITY + 5 + 30);
	assert_int_equal(tally.entries[0], CAPACITY);
	assert_int_equal(tally.unattributed[MZ_UPLOAD][MZ_TABLE_FULL].packets, 5);
	let_leave(86400);
	assert_int_equal(packets(), CAPACITY + 5 + 30);
	assert_int_equal(tally.entries[0], CAPACITY / 4 * 3);
	for (uint32_t i = 0; i < tally.count; i++)
		if (tally_is_retired(&tally.rows[i]))
			assert_int_equal(tally.rows[i].counts.packets[MZ_UPLOAD], 1);
	finish();
}

static void the_smallest_tables_make_room(void **state)
{
	for (unsigned capacity = 1; capacity < 9; capacity++) {
		start_with(state, capacity);
		for (unsigned n = 0; n < capacity + 1; n++)
			speak(n);
		let_leave(86400);
		assert_int_equal(packets(), capacity + 1);
		assert_int_equal(tally.entries[0], capacity / 4 * 3);
		speak(50);
		assert_int_equal(packets(), capacity + 2);
		assert_int_equal(tally.unattributed[MZ_UPLOAD][MZ_TABLE_FULL].packets, 1);
		finish();
	}
}

static void the_past_is_bounded_and_forgets_those_that_said_least(void **state)
{
	start(state);
	rig.archive.max_rows = 16;
	for (unsigned n = 0; n < 40; n++)
		for (unsigned i = 0; i <= n; i++)
			speak(n);
	let_leave(50);
	assert_int_equal(packets(), 40 * 41 / 2);
	assert_int_equal(rig.archive.count, 14);
	assert_int_equal(tally.unattributed[MZ_UPLOAD][MZ_FORGOTTEN].packets, 26 * 27 / 2);
	/* and so it stays for the next daemon */
	archive_close(&rig.archive);
	assert_int_equal(archive_open(&rig.archive, PINS, 16), 0);
	assert_int_equal(packets(), 40 * 41 / 2);
	finish();
}

static void a_past_that_cannot_be_kept_changes_nothing(void **state)
{
	start(state);
	speak(1);
	pull();
	now_s += 100;
	assert_int_equal(step(50), 0);
	now_s += 2;
	assert_true(retire_step(&retire, &rig.maps, &rig.archive, "/nonexistent", tally.entries, 50,
			    now_s, now_s * 1000ull) < 0);
	assert_int_equal(packets(), 1);
	assert_int_equal(rig.archive.count, 0);
	assert_int_equal(step(50), 1);
	assert_int_equal(packets(), 1);
	finish();
}

static void an_address_brought_along_leaves_with_what_it_had(void **state)
{
	struct tally_row row = {.family = AF_INET, .net = RIG_NET};

	start(state);
	packet_mac("02:00:00:00:01:01", row.mac);
	packet_address("192.168.2.11", row.addr);
	row.counts.packets[MZ_UPLOAD] = 10;
	assert_int_equal(archive_add(&rig.archive, &row), 0);
	archive_compact(&rig.archive);
	speak(1);
	assert_int_equal(packets(), 11);
	assert_int_equal(tally.count, 1);
	assert_false(tally_is_retired(&tally.rows[0]));
	let_leave(50);
	assert_int_equal(packets(), 11);
	assert_int_equal(tally.count, 1);
	assert_true(tally_is_retired(&tally.rows[0]));
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_leaves_stays_with_its_host_and_makes_room),
		cmocka_unit_test(who_speaks_does_not_leave),
		cmocka_unit_test(who_speaks_while_leaving_loses_nothing),
		cmocka_unit_test(who_cannot_be_told_to_leave_stays),
		cmocka_unit_test(a_crash_between_marking_and_emptying_is_made_good),
		cmocka_unit_test(a_crash_between_commit_and_emptying_is_made_good),
		cmocka_unit_test(a_full_table_gives_up_what_said_least),
		cmocka_unit_test(the_smallest_tables_make_room),
		cmocka_unit_test(the_past_is_bounded_and_forgets_those_that_said_least),
		cmocka_unit_test(a_past_that_cannot_be_kept_changes_nothing),
		cmocka_unit_test(an_address_brought_along_leaves_with_what_it_had),
	};

	return cmocka_run_group_tests_name("archive", tests, isolate, NULL);
}
