// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers from the database, recent slices and the open one: nothing is missing, nothing twice. */
#include "base/calendar.h"
#include "recording.h"

#define BERLIN	  "CET-1CEST,M3.5.0,M10.5.0/3"
#define KATHMANDU "<+0545>-5:45"
#define HOSTS	  12
#define NOON	  1774695600 /* 2026-03-28 12:00 in Berlin, the day before summer time */
#define DAY	  86400

static struct history_key key_of(unsigned i)
{
	struct history_key key = recording_key(i / 2, i % 2);

	if (i == HOSTS - 1)
		return (struct history_key){.reason = 1 + MZ_TABLE_FULL};
	if (i == HOSTS - 2) { /* a device without link layer */
		memset(key.mac, 0, sizeof(key.mac));
		memcpy(key.addr, "\x0a\0\0\7", 4);
	}
	return key;
}

static const char *name_of(unsigned i)
{
	static const char *const names[HOSTS] = {"tv", "TV", "", "", "printer", "", "tv", "phone"};

	return names[i] ? names[i] : "";
}

static void send_some(void)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		struct history_key key = key_of(i);

		if (rand() % 3 == 0)
			recording_send(&key, name_of(i), (uint64_t)rand() % 100000,
				(uint64_t)rand() << rand() % 8);
	}
}

static void expect_all(int step, int by)
{
	struct history_question question = recording_question(step, by);

	question.from = (struct history_time){.kind = HISTORY_INSTANT, .value = 0};
	recording_ask(&question);
	assert_int_equal(answer.head.next_row, 0);
	assert_memory_equal(&answer.sum, &world.total, sizeof(answer.sum));
	for (size_t i = 1; i < answer.row_count; i++)
		assert_true(answer.rows[i].row.start >= answer.rows[i - 1].row.start);
}

/* Whatever happens, each step has all that was ever sent. */
static void has_all(void **state)
{
	(void)state;
	srand(2);
	recording_begin(BERLIN, NOON);
	for (int boot = 0; boot < 4; boot++) {
		char id[16];

		snprintf(id, sizeof(id), "boot%d", boot);
		recording_boot(id, NOON + boot * 5 * DAY - (boot == 2 ? 40 * DAY : 0), boot == 0);
		for (unsigned i = 0; i < rounds(120, 30); i++) {
			send_some();
			if (rand() % 20 == 0)
				recording_skip(rand() % (2 * DAY));
			recording_pass(rand() % 4000);
			if (rand() % 4 == 0)
				recording_commit();
			if (rand() % 60 == 0 && boot && !world.sources.proven)
				recording_settle(NOON + boot * 5 * DAY + rand() % 7200);
			if (i % 10)
				continue;
			for (int step = HISTORY_HOUR; step < HISTORY_STEPS; step++)
				expect_all(step, rand() % HISTORY_BYS);
		}
		assert_int_equal(ledger_close(&world.ledger), 0);
		recording_commit();
	}
	for (int by = 0; by < HISTORY_BYS; by++)
		expect_all(HISTORY_DAY, by);
	recording_end();
}

static bool is_row(size_t i, int64_t start, int64_t end, uint64_t upload, bool estimated)
{
	const struct history_row *row = &answer.rows[i].row;

	return i < answer.row_count && row->start == start && row->end == end &&
	       row->counts.bytes[MZ_UPLOAD] == upload && row->estimated == estimated &&
	       row->start_offset == zone_offset(&world.zone, start) &&
	       row->end_offset == zone_offset(&world.zone, end);
}

static void send_one(uint64_t upload)
{
	struct history_key key = recording_key(1, false);

	recording_send(&key, "tv", upload, 0);
}

/* 30 hours through a night of 23 hours. */
static void record_30_hours(void)
{
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	for (unsigned i = 0; i < 30; i++) {
		send_one(100 + i);
		recording_pass(3600);
		if (i % 5 == 0)
			recording_commit();
	}
	send_one(7);
	recording_pass(60);
}

static void cuts_hours_days_and_months(void **state)
{
	struct history_question question = recording_question(HISTORY_HOUR, HISTORY_BY_HOST);

	(void)state;
	record_30_hours();
	recording_ask(&question);
	assert_int_equal(answer.row_count, 31);
	for (unsigned i = 0; i < 30; i++)
		assert_true(is_row(i, NOON + i * 3600, NOON + i * 3600 + 3600, 100 + i, false));
	assert_true(is_row(30, NOON + 30 * 3600, NOON + 31 * 3600, 7, false));
	assert_string_equal(answer.rows[0].host.name, "tv");
	assert_string_equal(answer.rows[0].host.source, "leases");
	assert_string_equal(answer.head.zone, world.zone.name);
	assert_int_equal(answer.head.from, NOON - DAY / 2); /* yesterday */
	assert_int_equal(answer.head.to, NOON + 30 * 3600 + 60);
	assert_false(answer.head.unsettled);
	question.step = HISTORY_DAY;
	recording_ask(&question);
	assert_int_equal(answer.row_count, 2);
	assert_true(is_row(0, NOON - DAY / 2, NOON + DAY / 2, 12 * 100 + 66, false));
	assert_true(is_row(
		1, NOON + DAY / 2, NOON + DAY / 2 + 23 * 3600, 18 * 112 + 17 * 18 / 2 + 7, false));
	question.step = HISTORY_MONTH;
	question.month_start = 28;
	recording_ask(&question);
	assert_int_equal(answer.row_count, 1);
	assert_int_equal(answer.head.from, NOON - DAY / 2);
	question.month_start = 1;
	recording_ask(&question);
	assert_true(is_row(0, NOON - DAY / 2 - 27 * DAY, NOON + DAY / 2 + 3 * DAY - 3600,
		30 * 100 + 29 * 30 / 2 + 7, false));
	recording_end();
}

static void answers_for_a_range(void **state)
{
	struct history_question question = recording_question(HISTORY_HOUR, HISTORY_BY_TOTAL);
	int64_t day = calendar_day(2026, 3, 28);

	(void)state;
	record_30_hours();
	question.from = (struct history_time){.kind = HISTORY_INSTANT, .value = NOON + 1};
	question.to = (struct history_time){.kind = HISTORY_INSTANT, .value = NOON + 7201};
	recording_ask(&question);
	assert_int_equal(answer.row_count, 2);
	assert_true(is_row(0, NOON + 3600, NOON + 7200, 101, false));
	question.from = (struct history_time){.kind = HISTORY_DATE, .value = day};
	question.to = question.from;
	recording_ask(&question);
	assert_int_equal(answer.row_count, 12);
	assert_int_equal(answer.head.from, NOON - DAY / 2);
	assert_int_equal(answer.head.to, NOON + DAY / 2);
	question.to.value = day - 1;
	recording_ask(&question);
	assert_int_equal(answer.row_count, 0);
	question.step = HISTORY_DAY;
	question.to.kind = HISTORY_ALWAYS;
	question.from = (struct history_time){.kind = HISTORY_INSTANT, .value = NOON};
	recording_ask(&question);
	assert_int_equal(answer.row_count, 1);
	question.from.value = world.sources.now + DAY;
	recording_ask(&question);
	assert_int_equal(answer.row_count, 0);
	assert_int_equal(answer.head.to, question.from.value);
	recording_end();
}

static void rounds_to_five_minutes(void **state)
{
	struct history_question question = recording_question(HISTORY_5M, HISTORY_BY_HOST);

	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	send_one(1);
	recording_pass(300);
	send_one(2);
	recording_pass(100);
	assert_int_equal(ledger_close(&world.ledger), 0); /* as a commit does */
	send_one(4);
	recording_pass(220);
	recording_commit();
	recording_skip(7000);
	send_one(8);
	recording_pass(380);
	send_one(16);
	recording_pass(10);
	recording_ask(&question);
	assert_int_equal(answer.row_count, 4);
	assert_true(is_row(0, NOON, NOON + 300, 1, false));
	assert_true(is_row(1, NOON + 300, NOON + 600, 2 + 4, false));
	assert_true(is_row(2, NOON + 600, NOON + 7800, 8, true));
	assert_true(is_row(3, NOON + 7800, NOON + 8100, 16, false));
	assert_int_equal(answer.head.from, world.sources.now - DAY);
	recording_end();
}

static void sends_each(void)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		struct history_key key = key_of(i);

		recording_send(&key, name_of(i), 1u << i, 0);
	}
}

static uint64_t upload_of(const char *name, unsigned *rows)
{
	uint64_t upload = 0;

	*rows = 0;
	for (size_t i = 0; i < answer.row_count; i++) {
		if (strcmp(answer.rows[i].host.name, name) != 0)
			continue;
		upload += answer.rows[i].row.counts.bytes[MZ_UPLOAD];
		++*rows;
	}
	return upload;
}

/* The same from the open slice, the recent ones, and the database. */
static void adds_up_machines_of_a_name(void **state)
{
	struct history_question question = recording_question(HISTORY_DAY, HISTORY_BY_NAME);
	unsigned rows;

	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	sends_each();
	for (int i = 0; i < 3; i++) {
		recording_ask(&question);
		assert_true(upload_of("tv", &rows) == (1 | 2 | 64) && rows == 1);
		assert_true(upload_of("phone", &rows) == 128 && rows == 1);
		assert_true(upload_of("", &rows) == 4 + 8 + 32 + 256 + 512 + 1024 + 2048);
		assert_int_equal(rows, 7);
		assert_int_equal(
			answer.rows[answer.row_count - 1].host.key.reason, 1 + MZ_TABLE_FULL);
		if (i == 0)
			recording_pass(300);
		else
			recording_commit();
	}
	recording_end();
}

static void answers_for_one_host(void **state)
{
	struct history_question question = recording_question(HISTORY_DAY, HISTORY_BY_HOST);
	struct history_key key = key_of(4);

	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	sends_each();
	for (int i = 0; i < 3; i++) {
		question.who = HISTORY_MAC;
		memcpy(question.mac, key.mac, sizeof(question.mac));
		recording_ask(&question);
		assert_int_equal(answer.row_count, 2);
		assert_int_equal(answer.sum.bytes[MZ_UPLOAD], 16 + 32);
		question.who = HISTORY_ADDRESS;
		question.family = AF_INET;
		memcpy(question.addr, "\x0a\0\0\7", 4);
		recording_ask(&question);
		assert_int_equal(answer.row_count, 1);
		assert_int_equal(answer.sum.bytes[MZ_UPLOAD], 1 << (HOSTS - 2));
		question.who = HISTORY_NAMED;
		strcpy(question.name, "Tv");
		recording_ask(&question);
		assert_int_equal(answer.row_count, 3);
		assert_int_equal(answer.sum.bytes[MZ_UPLOAD], 1 + 2 + 64);
		strcpy(question.name, "nobody");
		recording_ask(&question);
		assert_int_equal(answer.row_count, 0);
		if (i == 0)
			recording_pass(300);
		else
			recording_commit();
	}
	recording_end();
}

/* Hours stay as they were cut; days go by the new zone. */
static void keeps_hours_of_another_zone(void **state)
{
	(void)state;
	srand(3);
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	for (int i = 0; i < 40; i++) {
		send_some();
		recording_pass(rand() % 3600);
		if (i % 7 == 3)
			recording_commit();
		if (i % 10 == 5) {
			zone_free(&world.zone);
			load_value(&world.zone, i % 20 == 5 ? KATHMANDU : BERLIN, NOON - 800 * DAY,
				NOON);
		}
		for (int step = HISTORY_HOUR; step < HISTORY_STEPS; step++)
			expect_all(step, HISTORY_BY_HOST);
	}
	recording_end();
}

static void refuses_wrong_questions(void **state)
{
	static const struct history_time times[] = {{.kind = 3}, {.kind = -1},
		{.kind = HISTORY_INSTANT, .value = INT64_MAX},
		{.kind = HISTORY_INSTANT, .value = INT64_MIN},
		{.kind = HISTORY_DATE, .value = 4000000}, {.kind = HISTORY_DATE, .value = -800000}};
	struct query_sources sources = {.zone = &world.zone, .now = NOON};
	struct history_question question;
	struct query *query;

	(void)state;
	recording_begin(BERLIN, NOON);
#define REFUSED(field, wrong)                                                                      \
	question = recording_question(HISTORY_DAY, HISTORY_BY_HOST);                               \
	question.field = wrong;                                                                    \
	assert_int_equal(query_start(&query, &sources, &question), -EINVAL);                       \
	assert_null(query)
	REFUSED(size, sizeof(question) - 1);
	REFUSED(kind, HISTORY_MORE);
	REFUSED(step, HISTORY_STEPS);
	REFUSED(by, HISTORY_BYS);
	REFUSED(who, HISTORY_NAMED + 1);
	REFUSED(who, HISTORY_NAMED); /* no name */
	REFUSED(who, HISTORY_ADDRESS);
	REFUSED(month_start, 0);
	REFUSED(month_start, 29);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		REFUSED(from, times[i]);
		REFUSED(to, times[i]);
	}
	question = recording_question(HISTORY_DAY, HISTORY_BY_HOST);
	question.after_row = 1;
	question.after_start = INT64_MIN;
	assert_int_equal(query_start(&query, &sources, &question), -EINVAL);
	question.after_row = 0;
	question.who = HISTORY_NAMED;
	memset(question.name, 'a', sizeof(question.name));
	assert_int_equal(query_start(&query, &sources, &question), -EINVAL);
	recording_end();
}

static void answers_without_sources(void **state)
{
	(void)state;
	recording_begin(BERLIN, NOON);
	world.sources = (struct query_sources){.zone = &world.zone, .now = NOON};
	for (int step = 0; step < HISTORY_STEPS; step++) {
		struct history_question question = recording_question(step, HISTORY_BY_HOST);

		recording_ask(&question);
		assert_int_equal(answer.row_count, 0);
		assert_int_equal(answer.head.to, NOON);
		assert_true(answer.head.unsettled);
		assert_int_equal(answer.gap_count, step != HISTORY_MONTH);
	}
	recording_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_all),
		cmocka_unit_test(cuts_hours_days_and_months),
		cmocka_unit_test(answers_for_a_range),
		cmocka_unit_test(rounds_to_five_minutes),
		cmocka_unit_test(adds_up_machines_of_a_name),
		cmocka_unit_test(answers_for_one_host),
		cmocka_unit_test(keeps_hours_of_another_zone),
		cmocka_unit_test(refuses_wrong_questions),
		cmocka_unit_test(answers_without_sources),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
