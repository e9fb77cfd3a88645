// SPDX-License-Identifier: GPL-2.0-or-later
/* What "mezoura history forget" removes beside the recorder, the recorder forgets, too. */
#include "unit.h"

#include "history/care.h"
#include "router.h"

#define HOUR 3600
#define GONE 3 /* the host that is forgotten */

static void hear(void *context, const char *line)
{
	(void)context;
	assert_non_null(strstr(line, "box-03"));
}

static void forget(struct router *router)
{
	const struct care_who who = {.name = "box-03"};
	const struct care_listener listener = {.say = hear};
	int wiped;

	assert_int_equal(care_forget(router->state, &who, &listener, &wiped), 1);
}

static const struct ledger_series *series_of(struct router *router)
{
	const struct history_key key = counted_key(GONE);
	int64_t index = ledger_find(&router->recorder->ledger, &key);

	assert_true(index >= 0);
	return &router->recorder->ledger.series[index];
}

static void check_name(struct router *router, const char *name, const char *source)
{
	static struct sqlite_statement find = {
		.sql = "SELECT name, source FROM host WHERE mac = '02:00:00:00:00:03'"};

	assert_int_equal(sqlite_first(&router->recorder->store.db, &find, ""), 1);
	assert_string_equal(sqlite_text(&find, 0), name);
	assert_string_equal(sqlite_text(&find, 1), source);
	sqlite_done(&find);
	assert_string_equal(series_of(router)->name ? series_of(router)->name : "", name);
}

/* Whose the slices are. */
struct parts {
	const struct ledger *ledger;
	struct mz_counts all, of_host;
};

static int add_row(void *context, const struct recent_slice *slice, const struct ledger_row *row)
{
	const struct history_key key = counted_key(GONE);
	struct parts *parts = context;

	(void)slice;
	if (!row)
		return 0;
	sums_add(&parts->all, &row->counts);
	if (memcmp(&parts->ledger->series[row->series].key, &key, sizeof(key)) == 0)
		sums_add(&parts->of_host, &row->counts);
	return 0;
}

/* Nothing is lost. Returns what is known of the host. */
static struct mz_counts check_sums(struct router *router)
{
	static struct sqlite_statement all = {
		.sql = "SELECT ifnull(sum(upload_bytes), 0), ifnull(sum(download_bytes), 0),"
		       " ifnull(sum(upload_packets), 0), ifnull(sum(download_packets), 0) FROM ("
		       "SELECT * FROM hour_traffic UNION ALL SELECT * FROM held_traffic)"};
	struct recorder *recorder = router->recorder;
	struct parts parts = {.ledger = &recorder->ledger};
	struct mz_counts sum, expected = {0};

	assert_int_equal(recent_each(&recorder->recent, &recorder->ledger,
				 recorder_stored(recorder), add_row, &parts),
		0);
	assert_int_equal(sqlite_first(&recorder->store.db, &all, ""), 1);
	sum = sqlite_counts(&all, 0);
	sqlite_done(&all);
	sums_add(&sum, &parts.all);
	for (size_t i = 0; i < recorder->ledger.count; i++)
		sums_add(&expected, &recorder->ledger.series[i].counter);
	assert_memory_equal(&sum, &expected, sizeof(sum));

	sum = router_stored(router, GONE, INT64_MIN, INT64_MAX, true);
	sums_add(&sum, &parts.of_host);
	return sum;
}

/* Neither the database has any traffic of it, nor a slice that is in the database already. */
static void check_forgotten(struct router *router)
{
	struct parts parts = {.ledger = &router->recorder->ledger};
	const struct mz_counts known = check_sums(router);

	assert_true(sums_are_zero(&known));
	assert_int_equal(recent_each(&router->recorder->recent, &router->recorder->ledger, 0,
				 add_row, &parts),
		0);
	assert_true(sums_are_zero(&parts.of_host));
	check_name(router, "", "");
}

static void begin(struct router *router)
{
	router->kernel.named = true;
	router_boot(router, SUMMER * 1000);
	router->kernel.named = true;
	router_synchronized = true;
	router_pass_fast(router, 3 * HOUR);
	router_pass(router, 400); /* a slice that is in no commit */
	check_name(router, "box-03", "leases");
}

static void a_host_that_is_gone_stays_forgotten(void **state)
{
	struct router *router = *state;

	begin(router);
	router->kernel.quiet = 1 + GONE;
	router_pass(router, 5);
	forget(router);
	router_pass(router, 65);
	check_forgotten(router);
	router_kill(router);
	router_start(router);
	router_pass_fast(router, 2 * HOUR);
	check_forgotten(router);
}

/* Also where no recorder ran, and where recent slices have more of it than the database. */
static void one_that_is_still_there_begins_anew(void **state)
{
	struct router *router = *state;
	struct mz_counts before, known;

	begin(router);
	router_kill(router);
	forget(router);
	before = *counted_of(&router->kernel, GONE);
	router_start(router);
	router_pass_fast(router, 2 * HOUR);
	router_pass(router, 65);
	assert_int_equal(ledger_close(&router->recorder->ledger), 0);
	known = check_sums(router);
	sums_add(&known, &before);
	assert_true(sums_have_reached(counted_of(&router->kernel, GONE), &known));
	assert_false(sums_are_zero(&known));
	check_name(router, "box-03", "leases");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTER_TEST(a_host_that_is_gone_stays_forgotten),
		ROUTER_TEST(one_that_is_still_there_begins_anew),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("recorder forget", tests, zones_begin, zones_end);
}
