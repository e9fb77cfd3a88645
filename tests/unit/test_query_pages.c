// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers that are long, or that come while the history changes; and what they say is missing. */
#include "recording.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NOON   1774695600 /* 2026-03-28 12:00 in Berlin */
#define HOUR   3600
#define DAY    86400

static void send_from(unsigned hosts, unsigned step)
{
	for (unsigned i = 0; i < hosts; i += step) {
		struct history_key key = recording_key(i, false);

		recording_send(&key, "", 1000 + i, 1);
	}
}

static void expect_each_once(void)
{
	for (size_t i = 1; i < answer.row_count; i++) {
		const struct answered *a = &answer.rows[i - 1], *b = &answer.rows[i];
		int order = memcmp(a->host.key.mac, b->host.key.mac, sizeof(a->host.key.mac));

		if (order == 0)
			order = a->host.key.family - b->host.key.family;
		assert_true(
			a->row.start < b->row.start || (a->row.start == b->row.start && order < 0));
	}
}

static void goes_on_where_a_page_ends(void **state)
{
	struct history_question question = recording_question(HISTORY_HOUR, HISTORY_BY_HOST);

	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	for (int i = 0; i < 30; i++) {
		send_from(400, 1);
		recording_pass(HOUR);
		if (i % 8 == 0)
			recording_commit();
	}
	question.from = (struct history_time){.kind = HISTORY_INSTANT, .value = 0};
	assert_int_equal(recording_ask_all(question), 2);
	assert_int_equal(answer.row_count, 30 * 400);
	assert_memory_equal(&answer.sum, &world.total, sizeof(answer.sum));
	expect_each_once();
	recording_ask(&question);
	/* whole hours */
	assert_int_equal(answer.row_count, HISTORY_ROWS);
	assert_int_equal(answer.head.next_start, NOON + 25 * HOUR);
	assert_int_equal(answer.head.next_row, 1);
	question.step = HISTORY_DAY;
	recording_ask(&question);
	assert_int_equal(answer.row_count, 2 * 400);
	assert_true(answer.message_count > 8);
	recording_end();
}

/* More hosts in one hour than an answer has rows; some come in between. */
static void divides_an_hour_of_many_hosts(void **state)
{
	struct history_question question = recording_question(HISTORY_HOUR, HISTORY_BY_HOST);
	struct mz_counts first;
	size_t before;

	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	send_from(12000, 1);
	recording_pass(600);
	send_from(2, 1);
	assert_int_equal(recording_ask_all(question), 2);
	assert_int_equal(answer.row_count, 12000);
	assert_memory_equal(&answer.sum, &world.total, sizeof(answer.sum));
	expect_each_once();
	recording_ask(&question);
	assert_int_equal(answer.row_count, HISTORY_ROWS);
	assert_int_equal(answer.head.next_start, NOON);
	before = answer.row_count;
	first = answer.sum;
	question.after_start = answer.head.next_start;
	question.after_row = answer.head.next_row;
	recording_ask(&question);
	sums_add(&first, &answer.sum);
	assert_memory_equal(&first, &world.total, sizeof(first));
	/* hosts before and behind that row, and a commit: neither again nor missing */
	for (unsigned i = 0; i < 60; i++) {
		struct history_key key = recording_key(i * 200, true);

		recording_send(&key, "", 1, 0);
	}
	recording_pass(300);
	recording_commit();
	recording_ask(&question);
	assert_int_equal(answer.row_count, 12000 + 10 - before);
	expect_each_once();
	recording_end();
}

static void change(void)
{
	static unsigned count;

	send_from(300, 7);
	recording_pass(100);
	if (count++ % 3 == 0)
		recording_commit();
}

static void has_nothing_twice_while_it_changes(void **state)
{
	struct history_question question = recording_question(HISTORY_HOUR, HISTORY_BY_HOST);
	struct mz_counts before;

	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	for (int i = 0; i < 10; i++) {
		send_from(300, 1);
		recording_pass(HOUR);
		if (i < 5)
			recording_commit();
	}
	before = world.total;
	recording_ask_while(&question, change);
	assert_true(answer.row_count >= 3000);
	expect_each_once();
	/* the first ten hours were over, whatever was written meanwhile */
	answer.sum = (struct mz_counts){0};
	for (size_t i = 0; i < answer.row_count; i++)
		if (answer.rows[i].row.start < NOON + 10 * HOUR)
			sums_add(&answer.sum, &answer.rows[i].row.counts);
	assert_memory_equal(&answer.sum, &before, sizeof(before));
	recording_end();
}

static bool is_gap(size_t i, int64_t start, int64_t end, uint32_t reason)
{
	const struct history_gap *gap = &answer.gaps[i];

	return i < answer.gap_count && gap->start == start && gap->end == end &&
	       gap->reason == reason && gap->start_offset == zone_offset(&world.zone, start) &&
	       gap->end_offset == zone_offset(&world.zone, end);
}

static void tells_what_is_missing(void **state)
{
	struct history_question question = recording_question(HISTORY_HOUR, HISTORY_BY_HOST);

	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot1", NOON, true);
	send_from(1, 1);
	recording_pass(2 * HOUR);
	recording_skip(HOUR);
	send_from(1, 1);
	recording_pass(HOUR);
	for (int i = 0; i < 2; i++) {
		recording_ask(&question);
		assert_int_equal(answer.gap_count, 2);
		assert_true(is_gap(0, NOON - 36 * HOUR, NOON, HISTORY_GAP_OFF));
		assert_true(is_gap(1, NOON + 2 * HOUR, NOON + 3 * HOUR + 300, HISTORY_GAP_DAEMON));
		recording_commit();
	}
	/* off for six hours; then the clock is not known */
	recording_boot("boot2", NOON + 10 * HOUR, false);
	send_from(1, 1);
	recording_pass(HOUR);
	for (int i = 0; i < 2; i++) {
		recording_ask(&question);
		assert_true(answer.head.unsettled);
		assert_int_equal(answer.gap_count, 4);
		assert_true(is_gap(2, NOON + 4 * HOUR, NOON + 10 * HOUR, HISTORY_GAP_OFF));
		assert_true(is_gap(3, NOON + 10 * HOUR, NOON + 11 * HOUR, HISTORY_GAP_CLOCK));
		assert_true(answer.rows[answer.row_count - 1].row.estimated);
		recording_commit();
	}
	recording_settle(NOON + 12 * HOUR);
	recording_ask(&question);
	assert_int_equal(answer.rows[answer.row_count - 1].row.start, NOON + 12 * HOUR);
	assert_false(answer.rows[answer.row_count - 1].row.estimated);
	recording_end();
}

static void tells_how_far_it_reaches(void **state)
{
	struct history_question question = recording_question(HISTORY_HOUR, HISTORY_BY_HOST);
	int64_t first;

	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	for (int i = 0; i < 70 * 4; i++) {
		for (int j = 0; j < 6; j++) {
			send_from(1, 1);
			recording_pass_at_once(HOUR);
		}
		if (i % 4 == 3)
			recording_commit();
	}
	question.from = (struct history_time){.kind = HISTORY_INSTANT, .value = NOON - DAY};
	recording_ask(&question);
	first = answer.rows[0].row.start;
	assert_true(first > NOON);
	assert_int_equal(answer.gap_count, 2);
	assert_true(is_gap(0, NOON - DAY, NOON, HISTORY_GAP_OFF));
	assert_true(is_gap(1, NOON, first, HISTORY_GAP_EXPIRED));
	question.step = HISTORY_DAY;
	recording_ask(&question);
	assert_int_equal(answer.gap_count, 1);
	assert_memory_equal(&answer.sum, &world.total, sizeof(answer.sum));
	assert_int_equal(answer.row_count, 71);
	recording_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_where_a_page_ends),
		cmocka_unit_test(divides_an_hour_of_many_hosts),
		cmocka_unit_test(has_nothing_twice_while_it_changes),
		cmocka_unit_test(tells_what_is_missing),
		cmocka_unit_test(tells_how_far_it_reaches),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
