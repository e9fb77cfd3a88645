// SPDX-License-Identifier: GPL-2.0-or-later
/* mezoura history: check, backup, forget and import, on databases of a test's own. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "history/care.h"
#include "history/sums.h"

#define HOUR 3600
#define NOON (19800 * (int64_t)86400 + 12 * HOUR) /* 2024-03-18 */

/* Central Europe in 2024 */
static struct zone_change changes[] = {{INT64_MIN, 3600}, {1711846800, 7200}, {1729990800, 3600}};
static const struct zone berlin = {.changes = changes, .count = 3, .end = INT64_MAX};

static const uint8_t laptop[6] = {2, 0, 0, 0, 2, 0x0a}, phone[6] = {2, 0, 0, 0, 2, 0x0b};
static const struct mz_counts some = {{100, 1000}, {1, 10}};

static char directory[32], copy[64], said[2048];
static bool of_path; /* what the last call said */
static int wiped;
static const struct care_who nobody = {.name = "annas"};

static void remember(void *context, const char *line)
{
	(void)context;
	strncat(said, line, sizeof(said) - strlen(said) - 2);
	strcat(said, "\n");
}
static const struct care_listener listener = {remember, NULL};

static struct history_key key_of(const uint8_t mac[6], uint8_t family)
{
	struct history_key key = {.interface = "br-lan", .family = family};

	memcpy(key.mac, mac, 6);
	return key;
}

static int64_t ask(const char *sql)
{
	struct sqlite_statement statement = {.sql = sql};
	struct store store;
	int64_t answer;

	assert_int_equal(store_open_to_read(&store, directory), 0);
	assert_int_equal(sqlite_first(&store.db, &statement, ""), 1);
	answer = sqlite_integer(&statement, 0);
	sqlite_finalize(&statement);
	store_close(&store);
	return answer;
}

static void change(const char *sql)
{
	struct store store;

	assert_int_equal(store_open(&store, directory, 0, false), 0);
	assert_int_equal(sqlite_run(&store.db, sql), 0);
	store_close(&store);
}

/* A laptop of both versions, a phone that has no counter, and a host without a MAC. */
static void make(void)
{
	struct history_key keys[4] = {key_of(laptop, AF_INET), key_of(laptop, AF_INET6),
		key_of(phone, AF_INET), {.interface = "wg0", .family = AF_INET}};
	static const char *const names[] = {"annas-laptop", "annas-laptop", "private-phone", NULL};
	struct store store;
	int64_t boot, held;

	inet_pton(AF_INET, "10.9.0.2", keys[3].addr);
	assert_int_equal(store_open(&store, directory, 0, true), 0);
	assert_int_equal(store_begin(&store), 0);
	boot = store_boot(&store, "this-boot");
	held = store_new_held(&store, boot, 100, 400, false);
	assert_true(boot > 0 && held > 0);
	for (int i = 0; i < 4; i++) {
		int64_t host = store_host(&store, &keys[i], names[i], names[i] ? "leases" : NULL);

		assert_true(host > 0);
		for (int hour = 0; hour < 3; hour++)
			assert_int_equal(store_add_hour(&store, &berlin, NOON + hour * HOUR,
						 NOON + (hour + 1) * HOUR, false, host, &some),
				0);
		assert_int_equal(store_add_day(&store, &berlin, 19700, false, host, &some), 0);
		assert_int_equal(store_add_held(&store, held, host, &some), 0);
		if (i != 2)
			assert_int_equal(store_set_counter(&store, host, &some), 0);
	}
	assert_int_equal(store_add_recorded(&store, NOON, NOON + 3 * HOUR, 0), 0);
	assert_int_equal(store_commit(&store), 0);
	store_close(&store);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/mz-care-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(copy, sizeof(copy), "%s/copy.db", directory);
	said[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static const char traffic[] =
	"SELECT sum(upload_bytes + download_bytes * 7 + upload_packets * 49 + download_packets)"
	" FROM (SELECT * FROM hour_traffic UNION ALL SELECT * FROM day_traffic"
	" UNION ALL SELECT * FROM held_traffic)";

static void rows_that_do_not_fit_are_found(void **state)
{
	static const char *const faults[][2] = {
		{"DELETE FROM hour WHERE start % 7200 = 0", "hour_traffic: of an hour"},
		{"DELETE FROM day", "day_traffic: of a day"},
		{"DELETE FROM held", "held_traffic: of a slice"},
		{"DELETE FROM boot", "held: of a boot"},
		{"DELETE FROM host WHERE id = 1", "counter: of a host that is not there (1 row)"},
		{"UPDATE hour_traffic SET upload_bytes = -1", "hour_traffic: below zero (12 rows)"},
		{"UPDATE day_traffic SET download_packets = -1", "day_traffic: below zero"},
		{"UPDATE held_traffic SET download_bytes = -1", "held_traffic: below zero"},
		{"UPDATE counter SET upload_packets = -1", "counter: below zero (3 rows)"},
		{"UPDATE hour SET end = end + 1 WHERE start = (SELECT max(start) FROM hour)",
			"hour: not from 1 second to an hour long (1 row)"},
		{"UPDATE day SET end = start", "day: not from 1 second"},
		{"INSERT INTO hour VALUES ((SELECT max(start) + 60 FROM hour),"
		 " (SELECT max(end) FROM hour), 3600, 0, 0, 0, 0, 0)",
			"hour: overlaps the next one (1 row)"},
		{"INSERT INTO day SELECT start + 60, end + 60, date, utc_offset, 0, 0, 0, 0, 0 "
		 "FROM day",
			"day: overlaps the next one (1 row)"},
		{"UPDATE hour SET upload_bytes = upload_bytes + 1 WHERE start % 7200 = 0",
			"hour: not the sum of its rows ("},
		{"UPDATE hour SET download_packets = 0", "hour: not the sum of its rows (3 rows)"},
		{"DELETE FROM day_traffic WHERE host = 1", "day: not the sum of its rows (1 row)"},
		{"UPDATE held SET ended = 0", "held: ends before"},
		{"UPDATE recorded SET end = 0", "recorded: ends before"},
		{"DELETE FROM position", "position: not one row"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		char command[64];

		snprintf(command, sizeof(command), "rm -f %s/*", directory);
		assert_int_equal(system(command), 0);
		make();
		change(faults[i][0]);
		said[0] = '\0';
		assert_true(care_check(directory, &listener) > 0);
		if (!strstr(said, faults[i][1]))
			fail_msg("%s: %s", faults[i][0], said);
	}
}

/* Hours that were cut in Kathmandu begin in the middle of those before the zone was changed. */
static void hours_of_two_zones_may_overlap(void **state)
{
	(void)state;
	assert_int_equal(care_check(directory, &listener), -ENOENT);
	make();
	assert_int_equal(care_check(directory, &listener), 0);
	assert_string_equal(said, "");
	change("INSERT INTO hour SELECT max(start) + 900, max(start) + 4500, 20700, 0, 0, 0, 0, 0"
	       " FROM hour");
	assert_int_equal(care_check(directory, &listener), 0);
}

static void a_damaged_file_is_damaged(void **state)
{
	char path[64];
	int fd;

	(void)state;
	make();
	snprintf(path, sizeof(path), "%s/" STORE_FILE, directory);
	fd = open(path, O_WRONLY);
	for (int page = 2; page < 12; page++)
		assert_int_equal(pwrite(fd, "garbage in place of a page", 26, page * 1024), 26);
	close(fd);
	assert_true(care_check(directory, &listener) != 0);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(care_check(directory, &listener), -EUCLEAN);
}

static void one_of_a_newer_version_is_left_alone(void **state)
{
	(void)state;
	make();
	change("PRAGMA user_version=99");
	assert_int_equal(care_check(directory, &listener), -EMEDIUMTYPE);
	assert_int_equal(care_backup(directory, copy, &of_path), -EMEDIUMTYPE);
	assert_int_equal(care_forget(directory, &nobody, &listener, &wiped), -EMEDIUMTYPE);
}

static void a_copy_has_all_and_is_private(void **state)
{
	char aside[128];
	struct stat status;
	int64_t before;

	(void)state;
	assert_int_equal(care_backup(directory, copy, &of_path), -ENOENT);
	assert_false(of_path);
	assert_int_equal(access(copy, F_OK), -1);
	make();
	before = ask(traffic);
	assert_int_equal(care_backup(directory, "/nonexistent/copy", &of_path), -ENOENT);
	assert_true(of_path);
	umask(0);
	assert_int_equal(care_backup(directory, copy, &of_path), 0);
	umask(022);
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(care_backup(directory, copy, &of_path), -EEXIST);
	snprintf(aside, sizeof(aside), "%s.mezoura-tmp", copy);
	assert_int_equal(access(aside, F_OK), -1);
	/* in the place of the database it is one */
	snprintf(aside, sizeof(aside), "%s/" STORE_FILE, directory);
	assert_int_equal(rename(copy, aside), 0);
	assert_int_equal(care_check(directory, &listener), 0);
	assert_int_equal(ask(traffic), before);
	assert_int_equal(symlink("/nonexistent", copy), 0);
	assert_int_equal(care_backup(directory, copy, &of_path), -EEXIST);
}

/* Whether the bytes are in the database's file, or in its journal. */
static bool is_in_files(const char *text)
{
	char command[128];

	snprintf(command, sizeof(command), "grep -qa '%s' %s/" STORE_FILE "*", text, directory);
	return system(command) == 0;
}

static void forgotten_hosts_leave_their_traffic(void **state)
{
	struct care_who by_mac = {.mac = phone}, by_name = {.name = "annas-laptop"};
	struct care_who by_address = {.family = AF_INET, .addr = (uint8_t[16]){10, 9, 0, 2}};
	int64_t before;

	(void)state;
	wiped = 1;
	assert_int_equal(care_forget(directory, &by_mac, &listener, &wiped), -ENOENT);
	make();
	before = ask(traffic);
	assert_true(is_in_files("private-phone") && is_in_files("02:00:00:00:02:0b"));
	assert_int_equal(care_forget(directory, &by_mac, &listener, &wiped), 1);
	assert_int_equal(wiped, 0);
	assert_string_equal(said, "02:00:00:00:02:0b on br-lan, IPv4, private-phone\n");
	assert_false(is_in_files("private-phone") || is_in_files("02:00:00:00:02:0b"));
	assert_int_equal(ask("SELECT count(*) FROM host WHERE mac = '02:00:00:00:02:0b'"), 0);
	assert_int_equal(ask(traffic), before);
	assert_int_equal(care_forget(directory, &by_mac, &listener, &wiped), 0);

	/* both versions; counters of this boot keep the rows of the host */
	assert_int_equal(care_forget(directory, &by_name, &listener, &wiped), 2);
	assert_false(is_in_files("annas-laptop"));
	assert_int_equal(ask("SELECT count(*) FROM host WHERE source = 'forgotten'"), 2);
	assert_int_equal(ask("SELECT count(*) FROM counter"), 3);
	assert_int_equal(ask(traffic), before);

	assert_int_equal(care_forget(directory, &by_address, &listener, &wiped), 1);
	by_mac.mac = laptop;
	assert_int_equal(care_forget(directory, &by_mac, &listener, &wiped), 0);
	assert_int_equal(ask(traffic), before);
	assert_int_equal(ask("SELECT count(DISTINCT host) FROM hour_traffic"), 2);
	change("INSERT INTO day_traffic SELECT start, 1, 0, 0, 0, 0 FROM day"); /* it is back */
	assert_int_equal(care_forget(directory, &by_mac, &listener, &wiped), 1);
	assert_int_equal(ask("SELECT sum(upload_bytes) FROM hour_traffic JOIN host ON id = host"
			     " WHERE ip_version = 4 AND reason = 'forgotten_hosts'"),
		900);
	assert_int_equal(care_check(directory, &listener), 0);
}

static void a_host_that_nobody_knows_changes_nothing(void **state)
{
	(void)state;
	make();
	assert_int_equal(care_forget(directory, &nobody, &listener, &wiped), 0);
	assert_int_equal(ask("SELECT count(*) FROM host"), 4);
}

static struct nlbwmon_row rows[] = {
	{.mac = {2, 0, 0, 0, 2, 0x0b},
		.family = AF_INET,
		.counts = {{1000003, (uint64_t)1 << 62}, {7, 30}}},
	{.mac = {2, 0, 0, 0, 2, 0x77}, .family = AF_INET6, .counts = {{1, 0}, {1, 0}}},
};
static const struct nlbwmon found = {rows, 2};

/* October has a day of 25 hours. */
static void an_import_is_spread_over_its_days(void **state)
{
	struct care_import import = {.found = &found,
		.zone = &berlin,
		.first = calendar_day(2024, 10, 1),
		.last = calendar_day(2024, 10, 31)};
	int64_t day = 0, hosts = 0, before;

	(void)state;
	assert_int_equal(care_import(directory, &import, &day, &hosts), -ENOENT);
	make();
	before = ask("SELECT sum(upload_bytes) FROM day_traffic");
	assert_int_equal(care_import(directory, &import, &day, &hosts), 0);
	assert_int_equal(ask("SELECT count(*) FROM day WHERE date LIKE '2024-10-%'"), 31);
	assert_int_equal(ask("SELECT sum(upload_bytes) FROM day_traffic") - before, 1000004);
	assert_int_equal(ask("SELECT sum(download_bytes) FROM daily WHERE date LIKE '2024-10-%'"),
		(int64_t)1 << 62);
	assert_int_equal(ask("SELECT count(*) FROM daily WHERE mac LIKE '%:77'"), 1);
	assert_int_equal(ask("SELECT min(estimated) FROM daily WHERE date LIKE '2024-10-%'"), 1);
	/* 1000003 over 745 hours */
	assert_between(
		ask("SELECT upload_bytes FROM daily WHERE date = '2024-10-26'"), 32214, 32216);
	assert_between(
		ask("SELECT upload_bytes FROM daily WHERE date = '2024-10-27'"), 33557, 33558);
	/* to the host that is known */
	assert_int_equal(ask("SELECT count(*) FROM host WHERE mac = '02:00:00:00:02:0b'"), 1);
	assert_int_equal(ask("SELECT count(*) FROM host WHERE mac = '02:00:00:00:02:77'"
			     " AND interface = 'br-lan'"),
		1);
	assert_int_equal(
		ask("SELECT end - start FROM recorded ORDER BY start DESC LIMIT 1"), 745 * HOUR);
	assert_int_equal(care_check(directory, &listener), 0);
}

static void nothing_is_imported_twice(void **state)
{
	struct care_import import = {.found = &found,
		.zone = &berlin,
		.first = calendar_day(2024, 3, 1),
		.last = calendar_day(2024, 3, 31)};
	int64_t day = 0, hosts = 0, before;

	(void)state;
	make();
	before = ask(traffic);
	/* the phone has hours on the 18th */
	assert_int_equal(care_import(directory, &import, &day, &hosts), -EEXIST);
	assert_int_equal(day, 19800);
	assert_int_equal(hosts, 1);
	assert_int_equal(ask(traffic), before);
	assert_int_equal(ask("SELECT count(*) FROM host WHERE mac LIKE '%:77'"), 0);
	import.last = 19799;
	assert_int_equal(care_import(directory, &import, &day, &hosts), 0);
	assert_int_equal(care_import(directory, &import, &day, &hosts), -EEXIST);
	assert_int_equal(day, import.first);
	before = ask("SELECT sum(download_bytes / 2) FROM daily");
	import.add = true;
	rows[0].counts.bytes[MZ_DOWNLOAD] = 0;
	assert_int_equal(care_import(directory, &import, &day, &hosts), 0);
	assert_int_equal(ask("SELECT sum(download_bytes / 2) FROM daily"), before);
	assert_int_equal(ask("SELECT sum(upload_bytes) FROM daily WHERE mac LIKE '%:0b' AND date"
			     " BETWEEN '2024-03-01' AND '2024-03-17'"),
		2 * 1000003);
	rows[0].counts.bytes[MZ_DOWNLOAD] = INT64_MAX;
	import.first = import.last; /* which has some already */
	assert_int_equal(care_import(directory, &import, &day, &hosts), -EOVERFLOW);
	assert_int_equal(care_check(directory, &listener), 0);
	import.first = import.last + 1;
	assert_int_equal(care_import(directory, &import, &day, &hosts), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(rows_that_do_not_fit_are_found),
		TEST(hours_of_two_zones_may_overlap),
		TEST(a_damaged_file_is_damaged),
		TEST(one_of_a_newer_version_is_left_alone),
		TEST(a_copy_has_all_and_is_private),
		TEST(forgotten_hosts_leave_their_traffic),
		TEST(a_host_that_nobody_knows_changes_nothing),
		TEST(an_import_is_spread_over_its_days),
		TEST(nothing_is_imported_twice),
	};

	return cmocka_run_group_tests_name("care", tests, NULL, NULL);
}
