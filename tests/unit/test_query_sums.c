// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers by total are read from sums: whatever changes these, they are those of the hosts. */
#include "history/care.h"
#include "recording.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NOON   1774695600 /* 2026-03-28 12:00 in Berlin */
#define HOUR   3600
#define DAY    86400
#define HOSTS  8

static const struct mz_counts some = {.bytes = {100, 200}, .packets = {1, 2}};

static struct history_question question_of(int step, int by)
{
	struct history_question question = recording_question(step, by);

	question.from = (struct history_time){.kind = HISTORY_INSTANT, .value = NOON - 400 * DAY};
	return question;
}

/* The uploads of all time, which each step has. */
static uint64_t upload(void)
{
	uint64_t sum = 0;

	for (int step = HISTORY_MONTH; step >= HISTORY_DAY; step--) {
		recording_expect_sums(question_of(step, HISTORY_BY_TOTAL));
		assert_true(step == HISTORY_MONTH || sum == answer.sum.bytes[MZ_UPLOAD]);
		sum = answer.sum.bytes[MZ_UPLOAD];
	}
	recording_expect_sums(question_of(HISTORY_HOUR, HISTORY_BY_TOTAL));
	return sum;
}

static int64_t host(struct store *store, unsigned i)
{
	struct history_key key = recording_key(i, false);
	int64_t id = store_host(store, &key, "tv", "leases");

	assert_true(id > 0);
	return id;
}

static void add_hour(int64_t start)
{
	assert_int_equal(store_add_hour(&world.store, &world.zone, start, start + HOUR, false,
				 host(&world.store, 1), &some),
		0);
}

static int begin(void **state)
{
	(void)state;
	recording_begin(BERLIN, NOON);
	recording_boot("boot", NOON, true);
	return 0;
}

static int end(void **state)
{
	(void)state;
	recording_end();
	return 0;
}

static void sees_late_hours(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		add_hour(NOON - i * DAY);
	assert_int_equal(upload(), 1000);
	add_hour(NOON - 3 * DAY);
	assert_int_equal(upload(), 1100);
	add_hour(NOON - 3 * DAY - 12 * HOUR); /* the first one of that day */
	add_hour(NOON - 3 * DAY + 11 * HOUR); /* and the last one */
	assert_int_equal(upload(), 1300);
	add_hour(NOON - 50 * DAY);
	assert_int_equal(upload(), 1400);
}

static void sees_late_days(void **state)
{
	int64_t day = zone_day_of(&world.zone, NOON);

	(void)state;
	add_hour(NOON);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(store_add_day(&world.store, &world.zone, day - 40 + i % 3, true,
					 host(&world.store, i), &some),
			0);
		assert_int_equal(upload(), 200 + i * 100);
	}
	for (int by = 0; by < HISTORY_BYS; by++) {
		struct history_question question = question_of(HISTORY_DAY, by);

		recording_ask(&question);
		for (size_t i = 0; i < answer.row_count; i++)
			assert_int_equal(answer.rows[i].row.estimated, i + 1 < answer.row_count);
	}
	/* of a day that has no hours any more */
	add_hour(NOON - 39 * DAY);
	assert_int_equal(upload(), 800);
	/* and that was made where the zone was another one: its last hour is tomorrow now */
	zone_free(&world.zone);
	load_value(&world.zone, "<+0545>-5:45", NOON - 400 * DAY, NOON);
	assert_int_equal(upload(), 800);
	add_hour(NOON - 39 * DAY + 11 * HOUR);
	assert_int_equal(upload(), 900);
}

static void sees_what_expires(void **state)
{
	uint64_t all;

	(void)state;
	for (int i = 0; i < STORE_HOURS + 200; i++)
		add_hour(NOON - i * HOUR);
	all = upload();
	assert_int_equal(all, (STORE_HOURS + 200) * 100);
	assert_int_equal(store_expire(&world.store, &world.zone), 0);
	assert_int_equal(upload(), all);
	add_hour(NOON - (STORE_HOURS + 100) * HOUR);
	assert_int_equal(upload(), all + 100);
	world.store.limit = sqlite_bytes(&world.store.db) / 2; /* hours become days */
	assert_int_equal(store_expire(&world.store, &world.zone), 0);
	assert_int_equal(upload(), all + 100);
	world.store.limit = 1; /* all days go */
	assert_int_equal(store_expire(&world.store, &world.zone), 0);
	assert_true(world.store.shortened);
	assert_true(upload() < all);
}

static void sees_what_another_program_writes(void **state)
{
	struct store other;

	(void)state;
	add_hour(NOON);
	assert_int_equal(upload(), 100);
	assert_int_equal(store_open(&other, world.dir, 0, false), 0);
	assert_int_equal(store_add_hour(&other, &world.zone, NOON, NOON + HOUR, true,
				 host(&other, 2), &some),
		0);
	assert_int_equal(upload(), 200);
	store_close(&other);
}

static void sees_what_is_settled(void **state)
{
	struct history_key key = recording_key(1, false);

	(void)state;
	add_hour(NOON - DAY);
	add_hour(NOON);
	assert_int_equal(upload(), 200);
	recording_boot("next", NOON + DAY, false);
	recording_send(&key, "tv", 50, 0);
	recording_pass(5 * HOUR);
	recording_commit();
	assert_int_equal(upload(), 250);
	recording_settle(NOON - DAY);
	assert_int_equal(upload(), 250);
}

static void has_sums_of_many_hosts(void **state)
{
	(void)state;
	assert_int_equal(store_begin(&world.store), 0);
	for (unsigned i = 0; i < 900; i++)
		for (int j = 0; j < 9; j++)
			assert_int_equal(store_add_hour(&world.store, &world.zone, NOON - j * DAY,
						 NOON - j * DAY + HOUR, i == 3,
						 host(&world.store, i), &some),
				0);
	assert_int_equal(store_commit(&world.store), 0);
	assert_int_equal(upload(), 900 * 9 * 100);
}

static void say(void *context, const char *line)
{
	(void)context;
	(void)line;
}

static void forget_host(unsigned number)
{
	const struct history_key key = recording_key(number, false);
	const struct care_who who = {.mac = key.mac};
	const struct care_listener listener = {.say = say};
	int wiped;

	assert_true(care_forget(world.dir, &who, &listener, &wiped) >= 0);
	assert_int_equal(wiped, 0);
}

static void sees_forgotten_hosts(void **state)
{
	int64_t day = zone_day_of(&world.zone, NOON);

	(void)state;
	for (int i = 0; i < 3; i++) {
		add_hour(NOON - i * HOUR);
		assert_int_equal(store_add_day(&world.store, &world.zone, day - 40, true,
					 host(&world.store, i), &some),
			0);
	}
	assert_int_equal(upload(), 600);
	forget_host(1);
	assert_int_equal(upload(), 600);
	add_hour(NOON); /* it is back */
	forget_host(2);
	assert_int_equal(upload(), 700);
}

static int64_t some_time(void)
{
	return world.sources.now - rand() % (80 * DAY);
}

static struct history_time some_end(void)
{
	struct history_time time = {.kind = rand() % 3};

	if (time.kind == HISTORY_INSTANT)
		time.value = some_time();
	else if (time.kind == HISTORY_DATE)
		time.value = zone_day_of(&world.zone, some_time());
	return time;
}

static struct history_question some_question(void)
{
	struct history_question question =
		recording_question(rand() % HISTORY_STEPS, HISTORY_BY_TOTAL);
	const struct history_key key = recording_key((unsigned)rand() % HOSTS, false);

	question.month_start = (uint8_t)(1 + rand() % 28);
	question.from = some_end();
	question.to = some_end();
	switch (rand() % 6) {
	case 0:
		question.who = HISTORY_MAC;
		memcpy(question.mac, key.mac, sizeof(question.mac));
		break;
	case 1:
		question.who = HISTORY_NAMED;
		strcpy(question.name, "TV");
	}
	return question;
}

static struct mz_counts some_counts(void)
{
	struct mz_counts counts = {.bytes = {1 + rand() % 1000000, 1 + (uint64_t)rand() * 1000},
		.packets = {1 + rand() % 1000, 1 + rand() % 1000}};

	return counts;
}

static void record_some(void)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		struct history_key key = recording_key(i, i % 2);

		if (rand() % 2)
			recording_send(&key, i % 3 ? "tv" : "", 1 + rand() % 100000, 1000);
	}
	if (rand() % 8 == 0)
		recording_skip(rand() % (2 * DAY));
	recording_pass(1 + rand() % (3 * HOUR));
	if (rand() % 2)
		recording_commit();
}

/* What is counted late, imported, or by another boot. */
static void add_some(void)
{
	int64_t id = host(&world.store, (unsigned)rand() % HOSTS), start, end;
	struct mz_counts counts = some_counts();
	bool estimated = rand() % 2;

	zone_hour(&world.zone, some_time(), &start, &end);
	if (rand() % 2)
		assert_int_equal(store_add_hour(&world.store, &world.zone, start, end, estimated,
					 id, &counts),
			0);
	else
		assert_int_equal(store_add_day(&world.store, &world.zone,
					 zone_day_of(&world.zone, start), estimated, id, &counts),
			0);
}

static void change_zone(void)
{
	static const char *const zones[] = {BERLIN, "<+0545>-5:45", "<-0330>3:30", "<+14>-14"};

	zone_free(&world.zone);
	load_value(&world.zone, zones[rand() % 4], NOON - 800 * DAY, NOON);
}

/* A limit makes days of hours, or removes days. */
static void shorten(void)
{
	world.store.limit = sqlite_bytes(&world.store.db) - (uint64_t)(1 + rand() % 2) * 1024;
	assert_int_equal(store_expire(&world.store, &world.zone), 0);
	world.store.limit = 0;
}

static void change_something(unsigned number)
{
	char id[16];

	switch (rand() % 40) {
	case 0:
		snprintf(id, sizeof(id), "boot%u", number);
		recording_commit();
		recording_boot(id, world.sources.now + rand() % (4 * DAY), rand() % 2);
		break;
	case 1:
		if (!world.sources.proven)
			recording_settle(world.sources.offset + rand() % (9 * HOUR));
		break;
	case 2:
		change_zone();
		break;
	case 3:
		shorten();
		break;
	case 4:
		forget_host((unsigned)rand() % HOSTS);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
	case 9:
		add_some();
		break;
	default:
		record_some();
	}
}

static void adds_up_whatever_happens(void **state)
{
	const unsigned times = rounds(300, 60);

	(void)state;
	srand(4);
	for (unsigned i = 0; i < times; i++) {
		change_something(i);
		recording_expect_sums(some_question());
	}
}

/* Where another zone cut them, an hour of the database may begin and end within one of now. */
static void has_hours_within_hours(void **state)
{
	struct history_question question = recording_question(HISTORY_HOUR, HISTORY_BY_TOTAL);
	struct history_key key = recording_key(1, false);

	(void)state;
	assert_int_equal(store_add_hour(&world.store, &world.zone, NOON + 900, NOON + 1000, false,
				 host(&world.store, 1), &some),
		0);
	recording_boot("next", NOON + 1200, true);
	recording_send(&key, "tv", 7, 0);
	recording_pass(100);
	recording_ask(&question);
	assert_int_equal(answer.row_count, 2);
	assert_int_equal(answer.rows[0].row.start, NOON);
	assert_int_equal(answer.rows[0].row.counts.bytes[MZ_UPLOAD], 7);
	assert_int_equal(answer.rows[1].row.start, NOON + 900);
	assert_int_equal(answer.rows[1].row.end, NOON + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sees_late_hours, begin, end),
		cmocka_unit_test_setup_teardown(sees_late_days, begin, end),
		cmocka_unit_test_setup_teardown(sees_what_expires, begin, end),
		cmocka_unit_test_setup_teardown(sees_what_another_program_writes, begin, end),
		cmocka_unit_test_setup_teardown(sees_what_is_settled, begin, end),
		cmocka_unit_test_setup_teardown(has_sums_of_many_hosts, begin, end),
		cmocka_unit_test_setup_teardown(sees_forgotten_hosts, begin, end),
		cmocka_unit_test_setup_teardown(adds_up_whatever_happens, begin, end),
		cmocka_unit_test_setup_teardown(has_hours_within_hours, begin, end),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
