// SPDX-License-Identifier: GPL-2.0-or-later
/* The ledger: slices add up to what counters rose by, whatever happens to the counters. */
#include "take.h"

#include <errno.h>
#include <sys/socket.h>

#include "history/ledger.h"
#include "history/sums.h"

#define HOSTS 24
#define BEGAN 1000 /* when the tables were made, in seconds since boot */

static struct mz_counts total(const struct mz_counts *counts, size_t count)
{
	struct mz_counts sum = {0};

	for (size_t i = 0; i < count; i++)
		sums_add(&sum, &counts[i]);
	return sum;
}

/* The kernel's side, and a database that keeps what the ledger hands on. */
struct house {
	struct ledger ledger;
	struct tally tally;
	struct names *names;
	struct snapshot *snapshot;
	struct mz_counts host[HOSTS];		     /* counters; all zero: the host has no row */
	struct mz_counts forgotten, sent[HOSTS + 1]; /* the truth: last, what nobody had */
	uint64_t tables;
	int64_t since, now;
	/* the database */
	struct mz_counts slices;
	struct {
		struct history_key key;
		struct mz_counts counter;
	} saved[4 * HOSTS];
	size_t saved_count, slice_count;
	uint64_t saved_tables;
	int64_t closed;
	bool full;	/* it refuses all */
	bool unwatched; /* the last slice */
};

static int save(void *context, const struct ledger_slice *slice)
{
	struct house *house = context;

	assert_true(slice->began == house->closed || house->closed == 0 ||
		    house->saved_tables != house->ledger.tables);
	assert_true(slice->began <= slice->ended);
	if (house->full)
		return -ENOSPC;
	for (size_t i = 0; i < slice->count; i++) {
		assert_false(sums_are_zero(&slice->rows[i].counts));
		sums_add(&house->slices, &slice->rows[i].counts);
	}
	house->saved_count = 0;
	for (size_t i = 0; i < house->ledger.count; i++) {
		house->saved[house->saved_count].key = house->ledger.series[i].key;
		house->saved[house->saved_count++].counter = house->ledger.series[i].counter;
		house->ledger.series[i].unsaved = false;
	}
	house->saved_tables = house->ledger.tables;
	house->closed = slice->ended;
	house->slice_count++;
	house->unwatched = slice->unwatched;
	return 0;
}

/* Hosts 0 to 15 have a MAC, the others have not. The last one is the sum of those that merged. */
static void put_row(struct house *house, unsigned i)
{
	struct tally_row row = {.counts = house->host[i], .family = AF_INET};

	row.addr[0] = 10;
	row.addr[3] = (uint8_t)(i + 1);
	if (i < 16)
		row.mac[5] = (uint8_t)(i + 1);
	if (i == HOSTS - 1)
		memset(row.addr, 0, sizeof(row.addr));
	row.net = i >= 16;
	assert_int_equal(tally_add(&house->tally, &row), 0);
}

static int take(struct house *house)
{
	tally_begin(&house->tally, house->tally.changes + 1);
	for (unsigned i = 0; i < HOSTS; i++)
		if (!sums_are_zero(&house->host[i]))
			put_row(house, i);
	tally_sort(&house->tally);
	for (int d = 0; d < MZ_DIRECTIONS; d++)
		house->tally.unattributed[d][MZ_FORGOTTEN] =
			(struct mz_volume){house->forgotten.bytes[d], house->forgotten.packets[d]};
	take_snapshot(&house->snapshot, &house->tally, house->names, 1);
	house->snapshot->tables = house->tables;
	house->snapshot->tables_since_s = (uint64_t)house->since;
	return ledger_take(&house->ledger, house->snapshot, house->now, house->now / 300 * 300);
}

static void expect_all(struct house *house)
{
	struct ledger_slice open;
	struct mz_counts sum = house->slices, sent = total(house->sent, HOSTS + 1);

	ledger_open_slice(&house->ledger, &open);
	for (size_t i = 0; i < open.count; i++)
		sums_add(&sum, &open.rows[i].counts);
	assert_memory_equal(&sum, &sent, sizeof(sum));
	assert_true(house->ledger.lost == 0);
}

static void send_from(struct house *house, unsigned i, unsigned bytes)
{
	struct mz_counts counts = {.bytes = {bytes, 3 * bytes}, .packets = {1, 2}};

	sums_add(&house->host[i], &counts);
	sums_add(&house->sent[i], &counts);
}

/* The process ends, and another one begins with what the database has. */
static void restart(struct house *house)
{
	ledger_finish(&house->ledger);
	ledger_init(&house->ledger, save, house);
	for (size_t i = 0; i < house->saved_count; i++)
		assert_int_equal(ledger_resume_counter(&house->ledger, &house->saved[i].key,
					 &house->saved[i].counter, ""),
			0);
	if (house->saved_tables)
		ledger_resume(&house->ledger, house->saved_tables, house->closed);
}

static int enter(void **state)
{
	struct house *house = calloc(1, sizeof(*house));

	*state = house;
	ledger_init(&house->ledger, save, house);
	tally_init(&house->tally);
	strcpy(house->tally.nets[0].ifname, "br-lan");
	strcpy(house->tally.nets[1].ifname, "wg0");
	house->names = names_create();
	house->tables = 1;
	house->since = house->now = BEGAN;
	return 0;
}

static int leave(void **state)
{
	struct house *house = *state;

	ledger_finish(&house->ledger);
	tally_finish(&house->tally);
	names_destroy(house->names);
	free(house->snapshot);
	free(house);
	return 0;
}

static void a_slice_ends_at_its_mark_with_what_was_counted_by_then(void **state)
{
	struct house *house = *state;

	house->now = 1199;
	assert_int_equal(take(house), 0);
	send_from(house, 0, 1000);
	house->now = 1203; /* a quarter of the time had passed at 1200 */
	assert_int_equal(take(house), 0);
	assert_int_equal(house->slice_count, 1);
	assert_int_equal(house->closed, 1200);
	assert_int_equal(house->slices.bytes[MZ_UPLOAD], 250);
	expect_all(house);
}

static void what_was_counted_while_nobody_looked_is_one_unwatched_slice(void **state)
{
	struct house *house = *state;

	assert_int_equal(take(house), 0);
	send_from(house, 0, 7);
	house->now += 10;
	assert_int_equal(take(house), 0);
	send_from(house, 0, 1000);
	house->now += 100000;
	assert_int_equal(take(house), 0);
	assert_true(house->unwatched);
	assert_int_equal(house->slice_count, 2);
	assert_int_equal(house->closed, house->now);
	expect_all(house);
}

/* -t may be an hour. */
static void snapshots_may_be_far_apart_while_a_daemon_looks(void **state)
{
	struct house *house = *state;

	house->ledger.watched = 10800;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(house), 0);
		expect_all(house);
		assert_false(house->unwatched);
		send_from(house, 0, 1000);
		house->now += 3600;
	}
	assert_true(house->slice_count >= 4);
}

/* Counters that were there before any history began: nobody knows when they rose. */
static void tables_of_an_unknown_age_begin_at_what_they_have(void **state)
{
	struct house *house = *state;

	send_from(house, 0, 1000000);
	memset(house->sent, 0, sizeof(house->sent));
	house->since = 0;
	assert_int_equal(take(house), 0);
	expect_all(house);
	send_from(house, 0, 5);
	house->now += 5;
	assert_int_equal(take(house), 0);
	expect_all(house);
}

static void tables_of_a_known_age_count_from_their_beginning(void **state)
{
	struct house *house = *state;

	send_from(house, 0, 1000000);
	house->now += 4000;
	assert_int_equal(take(house), 0);
	expect_all(house);
	assert_true(house->unwatched);
}

static void a_counter_that_fell_is_reported(void **state)
{
	struct house *house = *state;

	send_from(house, 0, 1000);
	assert_int_equal(take(house), 0);
	house->host[0] = (struct mz_counts){.bytes = {10, 10}, .packets = {1, 1}};
	house->now += 5;
	assert_int_equal(take(house), 0);
	assert_true(house->ledger.lost > 0);
	assert_int_equal(house->ledger.series[0].seen.bytes[MZ_UPLOAD], 10);
}

static unsigned seed;

static unsigned any(unsigned below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % below;
}

static void forget(struct house *house, unsigned i)
{
	sums_add(&house->forgotten, &house->host[i]);
	house->host[i] = (struct mz_counts){0};
}

static void merge(struct house *house, unsigned i)
{
	sums_add(&house->host[HOSTS - 1], &house->host[i]);
	house->host[i] = (struct mz_counts){0};
}

/* Tables made anew: traffic that no snapshot has seen before that is lost to everybody. */
static void unload(struct house *house)
{
	assert_int_equal(take(house), 0);
	memset(house->host, 0, sizeof(house->host));
	house->forgotten = (struct mz_counts){0};
	house->tables++;
	house->since = house->now;
}

static void step(struct house *house)
{
	house->now += any(40) ? any(8) : any(4000);
	switch (any(40)) {
	case 0:
		house->full = any(2);
		break;
	case 1:
		forget(house, any(HOSTS));
		break;
	case 2:
		merge(house, 16 + any(7));
		break;
	case 3:
		house->full = false;
		unload(house);
		break;
	case 4:
		restart(house);
		break;
	case 5:
		house->full = false;
		assert_int_equal(ledger_close(&house->ledger), 0);
		ledger_compact(&house->ledger);
		break;
	default:
		send_from(house, any(HOSTS), any(100000));
	}
}

static void all_slices_add_up_to_what_counters_rose_by(void **state)
{
	struct house *house = *state;
	const unsigned steps = rounds(60000, 1000);
	int error;

	seed = 1;
	for (unsigned i = 0; i < steps; i++) {
		step(house);
		error = take(house);
		if (error)
			assert_true(house->full && error == -ENOSPC);
		if (house->ledger.started)
			expect_all(house);
	}
	assert_true(house->slice_count > steps / 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_slice_ends_at_its_mark_with_what_was_counted_by_then, enter, leave),
		cmocka_unit_test_setup_teardown(
			what_was_counted_while_nobody_looked_is_one_unwatched_slice, enter, leave),
		cmocka_unit_test_setup_teardown(
			snapshots_may_be_far_apart_while_a_daemon_looks, enter, leave),
		cmocka_unit_test_setup_teardown(
			tables_of_an_unknown_age_begin_at_what_they_have, enter, leave),
		cmocka_unit_test_setup_teardown(
			tables_of_a_known_age_count_from_their_beginning, enter, leave),
		cmocka_unit_test_setup_teardown(a_counter_that_fell_is_reported, enter, leave),
		cmocka_unit_test_setup_teardown(
			all_slices_add_up_to_what_counters_rose_by, enter, leave),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
