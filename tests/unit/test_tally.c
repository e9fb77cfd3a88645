// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "model/tally.h"
#include "take.h"

static struct tally_row row(uint32_t number, uint64_t bytes)
{
	struct tally_row row = {.family = AF_INET, .net = (uint8_t)(number % 3)};

	row.counts.bytes[MZ_UPLOAD] = bytes;
	row.counts.packets[MZ_UPLOAD] = 1;
	memcpy(row.mac, (uint8_t[]){2, 0, 0, 0, (uint8_t)(number % 7), (uint8_t)(number % 11)}, 6);
	number++; /* the address zero stands for a host's retired ones */
	memcpy(row.addr, &number, sizeof(number));
	return row;
}

static void fill(struct tally *tally, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		/* an order that is not sorted: 7919 is prime and no divisor of any count here */
		struct tally_row r = row((uint32_t)((uint64_t)i * 7919 % count), i);

		assert_int_equal(tally_add(tally, &r), 0);
	}
	tally_sort(tally);
}

static void an_address_seen_again_is_the_same_row(void **state)
{
	struct tally_row r = row(1, 10);
	uint64_t sum = 0;
	struct tally tally;

	(void)state;
	tally_init(&tally);
	fill(&tally, 10000);
	assert_int_equal(tally.count, 10000);
	tally_begin(&tally, 0);
	r = row(77, 123456789012340);
	assert_int_equal(tally_add(&tally, &r), 0);
	r.counts.bytes[MZ_UPLOAD] = 5;
	assert_int_equal(tally_add(&tally, &r), 0);
	assert_int_equal(tally.count, 10000);
	assert_true(tally.sorted);
	for (uint32_t i = 0; i < tally.count; i++)
		sum += tally.rows[i].counts.bytes[MZ_UPLOAD];
	assert_int_equal(sum, 123456789012345);
	tally_begin(&tally, 1); /* an address left the tables */
	assert_int_equal(tally.count, 0);
	tally_finish(&tally);
}

/*
 * Addresses that all have one value of a hash that multiplies by a known number, as ours once did.
 */
static struct tally_row chosen(uint32_t number)
{
	const uint64_t factor = 0x9e3779b97f4a7c15;
	struct tally_row row = {.family = AF_INET6, .mac = {2}};
	uint64_t word[2] = {number + 1}, hash = word[0] * factor;

	word[1] = hash ^ hash >> 32;
	memcpy(row.addr, word, sizeof(word));
	return row;
}

static void strangers_cannot_choose_where_their_rows_are(void **state)
{
	uint32_t run = 0, longest = 0;
	struct tally tally;

	(void)state;
	tally_init(&tally);
	for (uint32_t i = 0; i < 12288; i++) {
		struct tally_row row = chosen(i);

		assert_int_equal(tally_add(&tally, &row), 0);
	}
	assert_int_equal(tally.count, 12288);
	for (size_t i = 0; i <= tally.slots_mask; i++) {
		run = tally.slots[i] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	if (longest > 300)
		fail_msg("%u rows in one chain", longest);
	tally_finish(&tally);
}

static void rows_are_sorted_by_mac_and_address(void **state)
{
	struct tally tally;

	(void)state;
	tally_init(&tally);
	fill(&tally, 1000);
	for (uint32_t i = 1; i < tally.count; i++) {
		const struct tally_row *a = &tally.rows[i - 1], *b = &tally.rows[i];
		int order = memcmp(a->mac, b->mac, 6);

		assert_true(
			order < 0 || (order == 0 && memcmp(a->addr, b->addr, sizeof(a->addr)) < 0));
	}
	tally_finish(&tally);
}

static void hosts_are_the_sums_of_their_addresses(void **state)
{
	struct snapshot *snapshot = NULL;
	struct names *names = names_create();
	uint64_t bytes = 0, addresses = 0;
	struct tally tally;

	(void)state;
	tally_init(&tally);
	fill(&tally, 10000);
	take_snapshot(&snapshot, &tally, names, 1);
	assert_int_equal(snapshot->address_count, 10000);
	assert_int_equal(snapshot->host_count, 7 * 11 * 3); /* MACs times interfaces */
	for (uint32_t i = 0; i < snapshot->host_count; i++) {
		bytes += snapshot_hosts(snapshot)[i].counts.bytes[MZ_UPLOAD];
		addresses += snapshot_hosts(snapshot)[i].address_count;
		for (uint32_t k = 0; k < i; k++)
			assert_true(
				memcmp(snapshot_hosts(snapshot)[i].mac,
					snapshot_hosts(snapshot)[k].mac, 6) ||
				snapshot_hosts(snapshot)[i].net != snapshot_hosts(snapshot)[k].net);
	}
	assert_int_equal(bytes, 10000 / 2 * 9999);
	assert_int_equal(addresses, 10000);
	assert_string_equal(snapshot_text(snapshot, snapshot_addresses(snapshot)[0].name), "");
	names_destroy(names);
	tally_finish(&tally);
	free(snapshot);
}

static void snapshots_are_numbered(void **state)
{
	struct snapshot *snapshot = NULL;
	struct names *names = names_create();
	struct tally tally;

	(void)state;
	tally_init(&tally);
	take_snapshot(&snapshot, &tally, names, 1);
	fill(&tally, 1000);
	take_snapshot(&snapshot, &tally, names, 2);
	take_snapshot(&snapshot, &tally, names, 3);
	assert_int_equal(snapshot->number, 3);
	names_destroy(names);
	tally_finish(&tally);
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_seen_again_is_the_same_row),
		cmocka_unit_test(strangers_cannot_choose_where_their_rows_are),
		cmocka_unit_test(rows_are_sorted_by_mac_and_address),
		cmocka_unit_test(hosts_are_the_sums_of_their_addresses),
		cmocka_unit_test(snapshots_are_numbered),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
