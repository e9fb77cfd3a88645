// SPDX-License-Identifier: GPL-2.0-or-later
#include "zones.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOUR 3600
#define DAY  86400

#define BERLIN	     "CET-1CEST,M3.5.0,M10.5.0/3"
#define SANTIAGO     "<-04>4<-03>,M9.1.6/24,M4.1.6/24"
#define LORD_HOWE    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define HAVANA	     "CST5CDT,M3.2.0/0,M11.1.0/1"
#define KATHMANDU    "<+0545>-5:45"
#define CHATHAM	     "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"
#define OLD_ST_JOHNS "NST3:30NDT2:30,M3.2.0/0:01,M11.1.0/0:01" /* goes back from 00:01 to 23:01 */

static int64_t day_at(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

	return timegm(&tm) / DAY;
}

static int64_t utc(int year, int month, int day, int hour, int minute)
{
	return day_at(year, month, day) * DAY + hour * HOUR + minute * 60;
}

/* What libc says: another way than the table was made. */
static int64_t local_of(int64_t t)
{
	time_t at = (time_t)t;
	struct tm tm;

	assert_non_null(localtime_r(&at, &tm));
	return timegm(&tm);
}

static void agrees_with_libc(const struct zone *zone, int64_t t)
{
	if (t + zone_offset(zone, t) != local_of(t))
		fail_msg("%s at %lld: offset %d, libc's %lld", zone->name, (long long)t,
			zone_offset(zone, t), (long long)(local_of(t) - t));
}

static void around_changes_as_libc_says(const struct zone *zone)
{
	for (size_t i = 1; i < zone->count; i++)
		for (int64_t t = zone->changes[i].at - 2; t <= zone->changes[i].at + 2; t++)
			agrees_with_libc(zone, t);
}

/* Days follow one another, and each begins where its date begins. back: dates may come again. */
static void days_tile(const struct zone *zone, int64_t from, int64_t to, bool back)
{
	int64_t day = zone_day_of(zone, from), start = zone_day_start(zone, day);

	assert_true(start <= from);
	for (; start < to; day++) {
		int64_t next = zone_day_start(zone, day + 1);
		int64_t first = start + zone_offset(zone, start),
			before = start - 1 + zone_offset(zone, start - 1);

		if (next < start || next - start > (back ? 50 : 28) * HOUR)
			fail_msg("%s: day %lld has %lld s", zone->name, (long long)day,
				(long long)(next - start));
		if (next > start &&
			(first / DAY != day || before / DAY >= day ||
				zone_day_of(zone, start) != day ||
				zone_day_of(zone, next - 1) != day ||
				(!back && (next - 1 + zone_offset(zone, next - 1)) / DAY != day)))
			fail_msg("%s: day %lld starts at %lld: local %lld, before it %lld",
				zone->name, (long long)day, (long long)start, (long long)first,
				(long long)before);
		for (int64_t t = start; back && t < next; t += HOUR / 2)
			assert_int_equal(zone_day_of(zone, t), day);
		start = next;
	}
}

/* Hours follow one another; each has one local hour, and lies in one day. */
static void hours_tile(const struct zone *zone, int64_t from, int64_t to)
{
	int64_t start, end, again, same;

	zone_hour(zone, from, &start, &end);
	assert_true(start <= from);
	while (start < to) {
		int64_t middle = start + (end - start) / 2;
		bool ok = end > start && end - start <= HOUR &&
			  local_of(start) / HOUR == local_of(end - 1) / HOUR &&
			  zone_day_of(zone, start) == zone_day_of(zone, end - 1);

		zone_hour(zone, middle, &again, &same);
		ok = ok && again == start && same == end;
		zone_hour(zone, end - 1, &again, &same);
		ok = ok && again == start && same == end;
		if (!ok)
			fail_msg("%s: hour from %lld to %lld", zone->name, (long long)start,
				(long long)end);
		zone_hour(zone, end, &again, &same);
		assert_int_equal(again, end);
		start = again;
		end = same;
	}
}

static void days_and_hours_tile_time(void **state)
{
	static const char *const rules[] = {BERLIN, SANTIAGO, LORD_HOWE, HAVANA, KATHMANDU, CHATHAM,
		OLD_ST_JOHNS, "UTC0", "EET-2EEST,M3.5.0/0,M10.5.0/0",
		"<-01>1<+00>,M3.5.0/0,M10.5.0/1", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
		"IST-1GMT0,M10.5.0,M3.5.0/1", "IST-2IDT,M3.4.4/26,M10.5.0",
		"EET-2EEST,M3.4.4/50,M10.4.4/50", "<+14>-14", "<-12>12"};
	int64_t from = utc(2026, 1, 1, 0, 0), to = utc(2027, 1, 1, 0, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct zone zone;

		load_value(&zone, rules[i], from, to);
		assert_string_equal(zone.name, rules[i]);
		assert_int_equal(zone.count, strchr(rules[i], ',') ? 7 : 1);
		assert_true(zone.end >= utc(2029, 1, 1, 0, 0));
		around_changes_as_libc_says(&zone);
		days_tile(&zone, from, to, strcmp(rules[i], OLD_ST_JOHNS) == 0);
		hours_tile(&zone, from, to);
		zone_free(&zone);
	}
}

static void days_have_the_length_that_they_have(void **state)
{
	static const struct {
		const char *rule;
		int year, month, day, start_hour, start_minute; /* in UTC, of that date or before */
		int minutes;
	} row[] = {
		{BERLIN, 2026, 3, 28, -1, 0, 24 * 60},
		{BERLIN, 2026, 3, 29, -1, 0, 23 * 60},
		{BERLIN, 2026, 3, 30, -2, 0, 24 * 60},
		{BERLIN, 2026, 10, 25, -2, 0, 25 * 60},
		{BERLIN, 2026, 10, 26, -1, 0, 24 * 60},
		{SANTIAGO, 2026, 9, 6, 4, 0, 23 * 60}, /* begins at 01:00 */
		{SANTIAGO, 2026, 4, 4, 3, 0, 25 * 60}, /* 23:00 comes twice */
		{SANTIAGO, 2026, 4, 5, 4, 0, 24 * 60},
		{HAVANA, 2026, 11, 1, 4, 0, 25 * 60}, /* 00:00 comes twice */
		{HAVANA, 2026, 3, 8, 5, 0, 23 * 60},
		{LORD_HOWE, 2026, 4, 5, -11, 0, 24 * 60 + 30},
		{LORD_HOWE, 2026, 10, 4, -10, -30, 23 * 60 + 30},
		{KATHMANDU, 2026, 6, 1, -5, -45, 24 * 60},
		{OLD_ST_JOHNS, 2026, 11, 1, 2, 30, 25 * 60},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		int64_t day = day_at(row[i].year, row[i].month, row[i].day);
		struct zone zone;

		load_value(&zone, row[i].rule, utc(2026, 1, 1, 0, 0), utc(2026, 6, 1, 0, 0));
		assert_int_equal(zone_day_start(&zone, day),
			day * DAY + row[i].start_hour * HOUR + row[i].start_minute * 60);
		assert_int_equal(zone_day_start(&zone, day + 1) - zone_day_start(&zone, day),
			row[i].minutes * 60);
		zone_free(&zone);
	}
}

static void put32(unsigned char **at, uint32_t value)
{
	for (int i = 3; i >= 0; i--)
		*(*at)++ = (unsigned char)(value >> 8 * i);
}

/* A file of zoneinfo, as RFC 8536 has it, with these changes: at, offset; the first has no at. */
static void write_zone_file(const char *where, const int64_t (*change)[2], uint32_t count)
{
	unsigned char file[4096] = "TZif2", *at = file + 20;

	for (int version = 1; version <= 2; version++) {
		uint32_t changes = version == 1 ? 0 : count - 1, types = version == 1 ? 1 : count;

		put32(&at, 0); /* standard or wall: not told, nor UTC or local, nor leap seconds */
		put32(&at, 0);
		put32(&at, 0);
		put32(&at, changes);
		put32(&at, types);
		put32(&at, 4); /* bytes of names */
		for (uint32_t i = 1; i <= changes; i++) {
			put32(&at, (uint32_t)((uint64_t)change[i][0] >> 32));
			put32(&at, (uint32_t)change[i][0]);
		}
		for (uint32_t i = 1; i <= changes; i++)
			*at++ = (unsigned char)i;
		for (uint32_t i = 0; i < types; i++) {
			put32(&at, (uint32_t)change[i][1]);
			*at++ = 0; /* daylight saving */
			*at++ = 0; /* name */
		}
		memcpy(at, "XXX", 4);
		at += 4;
		if (version == 1) {
			memcpy(at, file, 20);
			at += 20;
		}
	}
	memcpy(at, "\n\n", 2);
	write_file(where, file, (size_t)(at + 2 - file));
}

/* Of Casey, which changes a minute after midnight, and Samoa, which left out a day. */
static void odd_zones(void **state)
{
	const int64_t casey[][2] = {{0, 8 * HOUR}, {utc(2020, 10, 3, 16, 1), 11 * HOUR},
		{utc(2021, 3, 13, 13, 0), 8 * HOUR}},
		      samoa[][2] = {{0, -11 * HOUR}, {utc(2011, 9, 24, 14, 0), -10 * HOUR},
			      {utc(2011, 12, 30, 10, 0), 14 * HOUR}};
	struct zone zone;
	int64_t start, end;

	(void)state;
	write_zone_file(path[ZONE_LOCALTIME], casey, 3);
	load(&zone, utc(2020, 1, 1, 0, 0), utc(2021, 1, 1, 0, 0));
	assert_int_equal(zone.count, 3);
	days_tile(&zone, utc(2020, 1, 1, 0, 0), utc(2022, 1, 1, 0, 0), false);
	hours_tile(&zone, utc(2020, 1, 1, 0, 0), utc(2022, 1, 1, 0, 0));
	zone_hour(&zone, casey[1][0] - 1, &start, &end);
	assert_int_equal(start, casey[1][0] - 60);
	assert_int_equal(end, casey[1][0]);
	zone_hour(&zone, casey[1][0], &start, &end);
	assert_int_equal(start, casey[1][0]);
	assert_int_equal(end - start, 59 * 60);
	zone_free(&zone);

	write_zone_file(path[ZONE_LOCALTIME], samoa, 3);
	load(&zone, utc(2011, 1, 1, 0, 0), utc(2012, 1, 1, 0, 0));
	assert_int_equal(zone.count, 3);
	days_tile(&zone, utc(2011, 1, 1, 0, 0), utc(2013, 1, 1, 0, 0), false);
	hours_tile(&zone, utc(2011, 1, 1, 0, 0), utc(2013, 1, 1, 0, 0));
	assert_int_equal(zone_day_start(&zone, day_at(2011, 12, 30)), samoa[2][0]);
	assert_int_equal(zone_day_start(&zone, day_at(2011, 12, 31)), samoa[2][0]);
	assert_int_equal(zone_day_of(&zone, samoa[2][0] - 1), day_at(2011, 12, 29));
	assert_int_equal(zone_day_of(&zone, samoa[2][0]), day_at(2011, 12, 31));
	zone_free(&zone);
	unlink(path[ZONE_LOCALTIME]);
}

static void any_zone_is_read_to_the_second(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 10; round++) {
		int64_t change[30][2] = {{0, 0}}, t = utc(2020, 1, 1, 0, 0);
		struct zone zone;

		for (int i = 1; i < 30; i++) {
			t += 2 * DAY + random() % (40 * DAY);
			do
				change[i][1] = random() % (26 * HOUR) - 12 * HOUR;
			while (change[i][1] == change[i - 1][1]);
			change[i][0] = t;
		}
		write_zone_file(path[ZONE_LOCALTIME], change, 30);
		load(&zone, utc(2020, 1, 1, 0, 0), utc(2022, 1, 1, 0, 0));
		assert_int_equal(zone.count, 30);
		for (int i = 1; i < 30; i++) {
			assert_int_equal(zone.changes[i].at, change[i][0]);
			assert_int_equal(zone.changes[i].offset, change[i][1]);
		}
		days_tile(&zone, utc(2020, 1, 2, 0, 0), t, true);
		hours_tile(&zone, t - 90 * DAY, t);
		zone_free(&zone);
	}
	unlink(path[ZONE_LOCALTIME]);
}

static unsigned zones_seen;

static int one_of_all(const char *name, const struct stat *st, int kind)
{
	int64_t from = utc(2026, 1, 1, 0, 0), to = utc(2027, 1, 1, 0, 0);
	char value[PATH_MAX];
	struct zone zone;
	char magic[4] = "";
	int fd;

	(void)st;
	/* right: with leap seconds, which time(2) does not have here */
	if (zones_seen == rounds(2000, 1) || kind != FTW_F || strstr(name, "/right/") ||
		strstr(name, "/posix/"))
		return 0;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	if (read(fd, magic, 4) == 4 && memcmp(magic, "TZif", 4) == 0) {
		snprintf(value, sizeof(value), ":%s", name);
		load_value(&zone, value, from, to);
		around_changes_as_libc_says(&zone);
		for (int64_t t = from; t < to; t += 7 * DAY + 12345)
			agrees_with_libc(&zone, t);
		days_tile(&zone, from, to, false);
		zone_free(&zone);
		zones_seen++;
	}
	close(fd);
	return 0;
}

static void all_zones_of_this_machine(void **state)
{
	(void)state;
	ftw("/usr/share/zoneinfo", one_of_all, 16);
	if (zones_seen == 0) {
		printf("skipped: no zoneinfo here\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_and_hours_tile_time),
		cmocka_unit_test(days_have_the_length_that_they_have),
		cmocka_unit_test(odd_zones),
		cmocka_unit_test(any_zone_is_read_to_the_second),
		cmocka_unit_test(all_zones_of_this_machine),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
