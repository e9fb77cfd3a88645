// SPDX-License-Identifier: GPL-2.0-or-later
/* Whatever happens to the database, no byte of it is lost or doubled. */
#include "store.h"

#include <errno.h>

#include "history/store.h"

#define HOSTS 6

/* What the database ought to hold. */
struct model {
	struct mz_counts total[HOSTS];
	struct store store;
	const struct zone *zone;
	const char *directory;
	uint64_t limit, seed;
	int64_t now, boot, up; /* a date; id of the boot, and seconds since then */
	unsigned boots;
	bool exact; /* no row is ever removed for the limit */
};

static uint64_t draw(struct model *model, uint64_t below)
{
	model->seed ^= model->seed << 13;
	model->seed ^= model->seed >> 7;
	model->seed ^= model->seed << 17;
	return model->seed % below;
}

static void add(struct mz_counts *to, const struct mz_counts *counts)
{
	for (int i = 0; i < MZ_DIRECTIONS; i++) {
		to->bytes[i] += counts->bytes[i];
		to->packets[i] += counts->packets[i];
	}
}

static struct mz_counts draw_counts(struct model *model)
{
	/* now and then more than 32 bits */
	uint64_t most = draw(model, 4) ? 100000 : 1ull << 45;

	return (struct mz_counts){
		{draw(model, most), draw(model, most)}, {draw(model, 1000), draw(model, 3)}};
}

/* What the tables hold of each host. */
static void sum(struct model *model, struct mz_counts sums[HOSTS])
{
	struct sqlite_statement all = {
		.sql = "SELECT mac, sum(upload_bytes), sum(download_bytes), sum(upload_packets),"
		       " sum(download_packets) FROM (SELECT * FROM hour_traffic UNION ALL"
		       " SELECT * FROM day_traffic UNION ALL SELECT * FROM held_traffic)"
		       " JOIN host ON host = host.id GROUP BY mac"};
	int row;

	memset(sums, 0, HOSTS * sizeof(*sums));
	for (row = sqlite_first(&model->store.db, &all, ""); row == 1; row = sqlite_next(&all)) {
		long host = strtol(sqlite_text(&all, 0) + 15, NULL, 16);

		assert_between(host, 0, HOSTS - 1);
		sums[host] = sqlite_counts(&all, 1);
	}
	assert_int_equal(row, 0);
	sqlite_finalize(&all);
}

#define SUMS_DIFFER(table)                                                                         \
	"SELECT count(*) FROM (SELECT start, sum(upload_bytes) AS a, sum(download_bytes) AS b,"    \
	" sum(upload_packets) AS c, sum(download_packets) AS d FROM " table "_traffic"             \
	" GROUP BY start) JOIN " table " USING (start) WHERE a <> upload_bytes"                    \
	" OR b <> download_bytes OR c <> upload_packets OR d <> download_packets"

static void check(struct model *model)
{
	struct history_report report = {0};
	struct mz_counts sums[HOSTS];

	sum(model, sums);
	assert_memory_equal(sums, model->total, sizeof(sums));
	assert_int_equal(store_fill_report(&model->store, &report), 0);
	assert_int_equal(report.rows[HISTORY_HOUR],
		store_ask(&model->store, "SELECT count(*) FROM hour_traffic"));
	assert_int_equal(report.rows[HISTORY_DAY],
		store_ask(&model->store, "SELECT count(*) FROM day_traffic"));
	/* each row belongs to an hour, a day, a held slice, and a host */
	assert_int_equal(store_ask(&model->store,
				 "SELECT (SELECT count(*) FROM hour_traffic LEFT JOIN hour"
				 " USING (start) WHERE end IS NULL) +"
				 " (SELECT count(*) FROM day_traffic LEFT JOIN day"
				 " USING (start) WHERE end IS NULL) +"
				 " (SELECT count(*) FROM held_traffic LEFT JOIN held ON id = held"
				 " WHERE ended IS NULL)"),
		0);
	/* so are the sums of each hour and day */
	assert_int_equal(store_ask(&model->store, SUMS_DIFFER("hour")), 0);
	assert_int_equal(store_ask(&model->store, SUMS_DIFFER("day")), 0);
}

static void open_again(struct model *model)
{
	if (model->store.db.handle)
		store_close(&model->store);
	assert_int_equal(store_open(&model->store, model->directory, model->limit, true), 0);
	assert_false(model->store.set_aside);
}

static void boot(struct model *model)
{
	char id[32];

	snprintf(id, sizeof(id), "boot %u", model->boots++);
	model->boot = store_boot(&model->store, id);
	model->up = 0;
	assert_true(model->boot > 0);
	if (draw(model, 3))
		assert_int_equal(
			store_set_boot_offset(&model->store, model->boot,
				draw(model, 2) ? model->now : (int64_t)draw(model, 4000000000), 0),
			0);
}

/* Some hours, mostly of now, some of them late. */
static void book(struct model *model)
{
	int64_t at = model->now, start, end;

	if (draw(model, 8) == 0)
		at -= (int64_t)draw(model, 100 * 86400);
	zone_hour(model->zone, at, &start, &end);
	for (unsigned i = 0; i < HOSTS; i++) {
		struct mz_counts counts = draw_counts(model);

		if (draw(model, 2))
			continue;
		assert_int_equal(
			store_add_hour(&model->store, model->zone, start, end, draw(model, 5) == 0,
				store_host_id(&model->store, i), &counts),
			0);
		add(&model->total[i], &counts);
	}
	model->now += (int64_t)draw(model, 4 * HOUR);
}

static void hold(struct model *model)
{
	int64_t began = model->up,
		ended = began + (int64_t)draw(model, draw(model, 9) ? 600 : 90000);
	int64_t held =
		store_new_held(&model->store, model->boot, began, ended, draw(model, 2) == 0);

	assert_true(held > 0);
	model->up = ended;
	for (unsigned i = 0; i < HOSTS; i++) {
		struct mz_counts counts = draw_counts(model);

		if (draw(model, 2))
			continue;
		assert_int_equal(store_add_held(&model->store, held,
					 store_host_id(&model->store, i), &counts),
			0);
		add(&model->total[i], &counts);
	}
}

/* What the size limit removes is counted; nothing else may be missing. */
static void expire(struct model *model)
{
	struct mz_counts sums[HOSTS];

	assert_int_equal(store_expire(&model->store, model->zone), 0);
	assert_true(store_ask(&model->store, "SELECT count(*) FROM hour") <= STORE_HOURS);
	if (model->exact || !model->store.shortened)
		return;
	sum(model, sums);
	for (int i = 0; i < HOSTS; i++)
		assert_true(sums[i].bytes[0] <= model->total[i].bytes[0]);
	memcpy(model->total, sums, sizeof(sums));
}

static void step(struct model *model)
{
	static const struct zone *const zones[] = {&berlin, &kathmandu};
	struct mz_counts before[HOSTS];

	memcpy(before, model->total, sizeof(before));
	assert_int_equal(store_begin(&model->store), 0);
	for (uint64_t i = draw(model, 20); i > 0; i--) {
		if (draw(model, 3))
			book(model);
		else
			hold(model);
	}
	switch (draw(model, 6)) {
	case 0:
		assert_int_equal(store_settle(&model->store, model->zone, model->boot,
					 model->now - model->up),
			0);
		break;
	case 1:
		boot(model);
		break;
	case 2:
		model->zone = zones[draw(model, 2)];
		break;
	default:
		expire(model);
	}
	if (draw(model, 10) == 0) {
		store_rollback(&model->store);
		memcpy(model->total, before, sizeof(before));
		boot(model); /* that may have been undone, too */
	} else {
		assert_int_equal(store_commit(&model->store), 0);
	}
	if (draw(model, 10) == 0)
		open_again(model);
	check(model);
}

static void run(const char *directory, uint64_t seed, uint64_t limit)
{
	struct model model = {.zone = &berlin,
		.directory = directory,
		.limit = limit,
		.seed = seed,
		.now = NOON,
		.exact = limit == 0};

	open_again(&model);
	boot(&model);
	for (unsigned i = rounds(80, 20); i > 0; i--)
		step(&model);
	assert_int_equal(
		store_settle(&model.store, model.zone, model.boot, model.now - model.up), 0);
	check(&model);
	assert_int_equal(store_ask(&model.store, "SELECT count(*) FROM held_traffic"), 0);
	store_close(&model.store);
	assert_int_equal(unlink(in(directory, STORE_FILE)), 0);
}

static void sums_are_exact(void **state)
{
	for (uint64_t seed = 1; seed <= rounds(4, 1); seed++)
		run(*state, seed, 0);
}

static void sums_are_exact_but_for_what_the_limit_removes(void **state)
{
	for (uint64_t seed = 11; seed <= 10 + rounds(4, 1); seed++)
		run(*state, seed, 60000 + seed * 1000);
}

/* The limit removes whole days, oldest first, and keeps to the limit. */
static void the_limit_is_kept_and_the_newest_days_stay(void **state)
{
	const uint64_t limit = 64 << 10;
	int64_t start, end, first, at = NOON;
	struct store store;

	assert_int_equal(store_open(&store, *state, limit, true), 0);
	for (unsigned day = rounds(200, 100); day > 0; day--) {
		assert_int_equal(store_begin(&store), 0);
		for (int i = 0; i < 24; i++, at = end) {
			zone_hour(&berlin, at, &start, &end);
			for (unsigned host = 0; host < 20; host++)
				assert_int_equal(store_add_hour(&store, &berlin, start, end, false,
							 store_host_id(&store, host), &some),
					0);
		}
		assert_int_equal(store_expire(&store, &berlin), 0);
		assert_true(sqlite_bytes(&store.db) <= limit);
		assert_int_equal(store_commit(&store), 0);
	}
	assert_true(store.shortened);
	first = store_ask(&store, "SELECT min(start) FROM daily JOIN day USING (date)");
	/* hours became days before any day went */
	assert_between(store_ask(&store, "SELECT count(*) FROM hour"), 1, 48);
	assert_true(first > NOON + 10 * (int64_t)86400);
	/* all days that are left are whole */
	assert_int_equal(store_ask(&store, "SELECT count(DISTINCT upload_bytes) FROM day_traffic"
					   " WHERE start > (SELECT min(start) FROM day)"),
		1);
	assert_int_equal(store_ask(&store, "SELECT max(start) - min(start) FROM day") / 86400,
		store_ask(&store, "SELECT count(*) FROM day") - 1);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_enter, store_leave)
		TEST(sums_are_exact),
		TEST(sums_are_exact_but_for_what_the_limit_removes),
		TEST(the_limit_is_kept_and_the_newest_days_stay),
	};

	if (sqlite_load()) {
		print_error("libsqlite3.so.0 is missing\n");
		return 1;
	}
	return cmocka_run_group_tests_name("store_sums", tests, store_isolate, NULL);
}
