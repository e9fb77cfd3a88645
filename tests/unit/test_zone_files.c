// SPDX-License-Identifier: GPL-2.0-or-later
#include "zones.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/calendar.h"

#define DAY    86400
#define NOW    1782864000 /* 2026-07-01 */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

/* As small as a file of zoneinfo gets: an offset, and the rule behind it. */
static void write_zone_file(const char *where, unsigned char quarters, const char *rule)
{
	char head[44] = "TZif2", type[10] = "";
	char file[256];
	size_t size = 0;
	int32_t offset = quarters * 900;

	head[39] = 1; /* a type */
	head[43] = 4; /* bytes of names */
	type[0] = (char)(offset >> 24);
	type[1] = (char)(offset >> 16);
	type[2] = (char)(offset >> 8);
	type[3] = (char)offset;
	memcpy(type + 6, "XXX", 3);
	for (int version = 1; version <= 2; version++) {
		memcpy(file + size, head, sizeof(head));
		memcpy(file + size + sizeof(head), type, sizeof(type));
		size += sizeof(head) + sizeof(type);
	}
	size += (size_t)snprintf(file + size, sizeof(file) - size, "\n%s\n", rule);
	write_file(where, file, size);
}

static void loads(const char *name, int32_t offset)
{
	struct zone zone;

	load(&zone, NOW, NOW);
	assert_string_equal(zone.name, name);
	assert_int_equal(zone_offset(&zone, NOW), offset);
	zone_free(&zone);
}

static void value_loads(const char *value, const char *name, int32_t offset)
{
	write_text(path[ZONE_TZ], value);
	loads(name, offset);
	unlink(path[ZONE_TZ]);
}

static void what_cannot_be_read_is_utc_and_says_so(void **state)
{
	char name[64];

	(void)state;
	value_loads("Mars/Olympus\n", "UTC (cannot read Mars/Olympus)", 0);
	value_loads(":" BERLIN, "UTC (cannot read " BERLIN ")", 0);
	value_loads("/dev/null", "UTC (cannot read /dev/null)", 0);
	value_loads("XY-3", "UTC (cannot read XY-3)", 0);
	value_loads("\xff\xff\xff-3", "UTC (cannot read \xff\xff\xff-3)", 0);
	value_loads("0123456789012345678901234567890123456789tail",
		"UTC (cannot read 0123456789012345678901234567890123456789)", 0);
	value_loads("UTC", "UTC", 0);
	value_loads("GMT0\r\n", "GMT0", 0);
	value_loads("CET-1\n", "CET-1", 3600);
	value_loads(":", "UTC", 0);

	loads("UTC", 0); /* no file at all */
	write_text(path[ZONE_TZ], "\n");
	loads("UTC", 0);
	unlink(path[ZONE_TZ]);
	assert_int_equal(mkdir(path[ZONE_TZ], 0755), 0);
	loads("UTC", 0);
	rmdir(path[ZONE_TZ]);
	write_text(path[ZONE_LOCALTIME], "TZi");
	snprintf(name, sizeof(name), "UTC (cannot read %.40s)", path[ZONE_LOCALTIME]);
	loads(name, 0);
	unlink(path[ZONE_LOCALTIME]);
	assert_int_equal(symlink("nowhere", path[ZONE_LOCALTIME]), 0);
	loads(name, 0);
	unlink(path[ZONE_LOCALTIME]);
}

static void zones_have_the_name_that_users_know(void **state)
{
	char zoneinfo[100], place[120], file[140], link[140], value[150];

	(void)state;
	snprintf(zoneinfo, sizeof(zoneinfo), "%s/zoneinfo", zones_dir);
	snprintf(place, sizeof(place), "%s/Asia", zoneinfo);
	snprintf(file, sizeof(file), "%s/Nowhere", place);
	snprintf(link, sizeof(link), "%s/link", zones_dir);
	snprintf(value, sizeof(value), ":%s", file);
	assert_int_equal(mkdir(zoneinfo, 0755), 0);
	assert_int_equal(mkdir(place, 0755), 0);
	write_zone_file(file, 23, "<+0545>-5:45");

	/* the link tells, also by way of another one */
	assert_int_equal(symlink(file, path[ZONE_LOCALTIME]), 0);
	loads("Asia/Nowhere", 20700);
	unlink(path[ZONE_LOCALTIME]);
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(symlink("link", path[ZONE_LOCALTIME]), 0);
	loads("Asia/Nowhere", 20700);
	write_text(path[ZONE_TIMEZONE], "Asia/Forgotten\n");
	loads("Asia/Nowhere", 20700);
	unlink(path[ZONE_TIMEZONE]);
	value_loads(value, "Asia/Nowhere", 20700);
	value_loads(file, "Asia/Nowhere", 20700);
	unlink(path[ZONE_LOCALTIME]);
	unlink(link);

	/* a copy tells nothing but its rule */
	write_zone_file(path[ZONE_LOCALTIME], 23, "<+0545>-5:45");
	loads("<+0545>-5:45", 20700);
	write_text(path[ZONE_TIMEZONE], "Asia/Somewhere\n");
	loads("Asia/Somewhere", 20700);
	unlink(path[ZONE_TIMEZONE]);
	write_zone_file(path[ZONE_LOCALTIME], 23, "");
	loads(path[ZONE_LOCALTIME], 20700);

	/* TZ is first, and a name is of zoneinfo, even if it looks like a rule */
	value_loads(BERLIN "\n", BERLIN, 7200);
	setenv("TZDIR", zoneinfo, 1);
	value_loads("Asia/Nowhere", "Asia/Nowhere", 20700);
	snprintf(link, sizeof(link), "%s/XYZ-3", zoneinfo);
	assert_int_equal(symlink(file, link), 0);
	value_loads("XYZ-3", "XYZ-3", 20700);
	unsetenv("TZDIR");
	value_loads("XYZ-3", "XYZ-3", 3 * 3600);

	unlink(path[ZONE_LOCALTIME]);
	unlink(link);
	unlink(file);
	rmdir(place);
	rmdir(zoneinfo);
}

/* The first test, as this is asked once: in a child, as the others have no TZ. */
static void tz_of_the_environment_is_first(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		setenv("TZ", BERLIN, 1);
		write_text(path[ZONE_TZ], "XYZ-3");
		loads(BERLIN, 7200);
		loads(BERLIN, 7200); /* though TZ has been set since */
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path[ZONE_TZ]);
	assert_int_equal(status, 0);
}

static void a_change_shows_and_is_read(void **state)
{
	const struct timespec time[2] = {{.tv_sec = NOW}, {.tv_sec = NOW}};
	struct zone_files before, after;
	char other[64];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", zones_dir);
	zone_files_look(&before);
	zone_files_look(&after);
	assert_true(zone_files_same(&before, &after));
	write_text(path[ZONE_TZ], "XYZ-3");
	zone_files_look(&after);
	assert_false(zone_files_same(&before, &after));
	loads("XYZ-3", 3 * 3600);

	zone_files_look(&before);
	write_text(path[ZONE_TZ], "XYZ-11");
	zone_files_look(&after);
	assert_false(zone_files_same(&before, &after));
	loads("XYZ-11", 11 * 3600);

	unlink(path[ZONE_TZ]);
	/* a package's file has the package's time, and may be as long as the last one */
	write_zone_file(path[ZONE_LOCALTIME], 4, "XYZ-1");
	write_zone_file(other, 8, "XYZ-2");
	assert_int_equal(utimensat(AT_FDCWD, path[ZONE_LOCALTIME], time, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, other, time, 0), 0);
	loads("XYZ-1", 3600);
	zone_files_look(&before);
	assert_int_equal(rename(other, path[ZONE_LOCALTIME]), 0);
	zone_files_look(&after);
	assert_false(zone_files_same(&before, &after));
	loads("XYZ-2", 7200);
	unlink(path[ZONE_LOCALTIME]);
}

static void dates_are_those_of_the_calendar(void **state)
{
	int first_day = -200000, last_day = 200000; /* years 1422 to 2517 */

	(void)state;
	for (int day = first_day; day < last_day; day++) {
		int64_t t = (int64_t)day * DAY;
		int year, month, day_of_month;
		time_t at = (time_t)t;
		struct tm tm;

		if (at != t)
			continue;
		assert_non_null(gmtime_r(&at, &tm));
		calendar_date(day, &year, &month, &day_of_month);
		assert_true(year == tm.tm_year + 1900 && month == tm.tm_mon + 1 &&
			    day_of_month == tm.tm_mday);
		assert_int_equal(calendar_day(year, month, day_of_month), day);
	}
	assert_int_equal(calendar_day(0, 1, 1), -719528);
	assert_int_equal(calendar_day(1, 1, 1), -719162);
	assert_int_equal(calendar_day(9999, 12, 31), 2932896);
}

static void months_begin_when_asked_to(void **state)
{
	(void)state;
	for (int first = 1; first <= 28; first++) {
		int64_t day = calendar_day(2023, 6, 15), start, end, again, same;
		int year, month, day_of_month;

		zone_month(day, first, &start, &end);
		for (; start < calendar_day(2029, 1, 1); start = end, end = same) {
			calendar_date(start, &year, &month, &day_of_month);
			assert_int_equal(day_of_month, first);
			assert_between(end - start, 28, 31);
			for (int64_t inside = start; inside < end; inside++) {
				int64_t s, e;

				zone_month(inside, first, &s, &e);
				assert_true(s == start && e == end);
			}
			zone_month(end, first, &again, &same);
			assert_int_equal(again, end);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tz_of_the_environment_is_first),
		cmocka_unit_test(what_cannot_be_read_is_utc_and_says_so),
		cmocka_unit_test(zones_have_the_name_that_users_know),
		cmocka_unit_test(a_change_shows_and_is_read),
		cmocka_unit_test(dates_are_those_of_the_calendar),
		cmocka_unit_test(months_begin_when_asked_to),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
