// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/zone.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/calendar.h"

#define HOUR	  3600
#define DAY	  86400
#define YEAR	  (366 * (int64_t)DAY)
#define LOOK_BACK (2 * (int64_t)DAY) /* more than any two offsets differ */

const char *zone_paths[ZONE_PATHS] = {"/etc/TZ", "/etc/localtime", "/etc/timezone"};

/* The first line of a file that has one; and whether it has. */
static bool read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd >= 0 ? read(fd, line, size - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (length < 0)
		return false;
	line[length] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return *line;
}

/* As CET-1CEST,M3.5.0,M10.5.0/3: a name and an offset. What follows is left to libc. */
static bool is_rule(const char *text)
{
	const char *at = text;

	if (*at == '<') {
		at += strcspn(at, ">");
		at += *at == '>';
	} else {
		while (isalpha((unsigned char)*at))
			at++;
		if (at - text < 3)
			return false;
		if (strcmp(text, "UTC") == 0 || strcmp(text, "GMT") == 0)
			return true;
	}
	at += *at == '+' || *at == '-';
	return isdigit((unsigned char)*at);
}

/* A file of zoneinfo. footer: gets its last line, the rule of the years to come; or NULL. */
static bool is_zone_file(const char *path, char *footer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[128];
	bool is;

	if (fd < 0)
		return false;
	is = read(fd, text, 4) == 4 && memcmp(text, "TZif", 4) == 0;
	if (is && footer) {
		off_t end = lseek(fd, 0, SEEK_END);
		ssize_t length = pread(fd, text, sizeof(text) - 1,
			end < (off_t)sizeof(text) ? 0 : end - (off_t)sizeof(text) + 1);
		char *start;

		text[length > 0 ? length - 1 : 0] = '\0';
		start = memrchr(text, '\n', length > 0 ? (size_t)length - 1 : 0);
		snprintf(footer, size, "%s", start && is_rule(start + 1) ? start + 1 : "");
	}
	close(fd);
	return is;
}

/* How users know the zone that a path leads to: what is behind zoneinfo/, or NULL. */
static const char *name_in_path(const char *path)
{
	const char *found = strstr(path, "/zoneinfo/");

	return found ? found + strlen("/zoneinfo/") : NULL;
}

/* The name of the zone in the file that has none inside. */
static void name_of_localtime(const char *path, char *name, size_t size)
{
	char target[PATH_MAX], footer[64];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	const char *found;

	target[length > 0 ? length : 0] = '\0';
	found = name_in_path(target);
	/* by way of another link, as OpenWrt has it */
	if (!found && length > 0 && realpath(path, target))
		found = name_in_path(target);
	if (!found && read_line(zone_paths[ZONE_TIMEZONE], target, sizeof(target)))
		found = target;
	if (!found && is_zone_file(path, footer, sizeof(footer)) && *footer)
		found = footer;
	snprintf(name, size, "%.*s", (int)size - 1, found ? found : path);
}

/*
 * Sets name, and TZ so that every libc reads the same of it: musl takes NZ-CHAT for a rule if it
 * is not the path of a file. value: as TZ has it.
 */
static void take_value(const char *value, char *name, size_t size)
{
	const char *text = value + (*value == ':'), *dir = getenv("TZDIR");
	char tz[PATH_MAX];

	snprintf(tz, sizeof(tz), ":%s%s%s",
		*text == '/' ? ""
		: dir	     ? dir
			     : "/usr/share/zoneinfo",
		*text == '/' ? "" : "/", text);
	if (*text && is_zone_file(tz + 1, NULL, 0)) {
		if (*text != '/')
			snprintf(name, size, "%s", text);
		else if (name_in_path(text))
			snprintf(name, size, "%s", name_in_path(text));
		else
			name_of_localtime(text, name, size);
		setenv("TZ", tz, 1);
	} else if (*value != ':' && is_rule(text)) {
		snprintf(name, size, "%s", text);
		setenv("TZ", text, 1);
	} else {
		snprintf(name, size, *text ? "UTC (cannot read %.40s)" : "UTC", text);
		setenv("TZ", "UTC0", 1);
	}
}

/* TZ as this process was given it: what is set here must not pass for it when called again. */
static const char *given_tz(void)
{
	static char given[256];
	static bool asked, has;
	const char *tz = getenv("TZ");

	if (!asked && tz)
		snprintf(given, sizeof(given), "%s", tz);
	has = asked ? has : tz != NULL;
	asked = true;
	return has ? given : NULL;
}

static void take_zone(char *name, size_t size)
{
	const char *given = given_tz();
	char text[PATH_MAX];
	struct stat st;

	/* libc looks at a file again only after another value */
	setenv("TZ", "UTC0", 1);
	tzset();
	if (given) {
		take_value(given, name, size);
	} else if (read_line(zone_paths[ZONE_TZ], text, sizeof(text))) {
		take_value(text, name, size);
	} else if (lstat(zone_paths[ZONE_LOCALTIME], &st)) {
		take_value("", name, size); /* nobody chose a zone; a link to nowhere is a fault */
	} else {
		snprintf(text, sizeof(text), ":%s", zone_paths[ZONE_LOCALTIME]);
		take_value(text, name, size);
	}
	tzset();
}

/* otherwise: for times that this machine's time_t cannot have */
static int32_t ask_libc(int64_t t, int32_t otherwise)
{
	time_t at = (time_t)t;
	struct tm tm;

	return at == t && localtime_r(&at, &tm) ? (int32_t)tm.tm_gmtoff : otherwise;
}

static bool add_change(struct zone *zone, size_t *room, int64_t at, int32_t offset)
{
	struct zone_change *grown =
		array_grow(zone->changes, zone->count, room, 8, sizeof(*zone->changes));

	if (!grown)
		return false;
	zone->changes = grown;
	zone->changes[zone->count++] = (struct zone_change){.at = at, .offset = offset};
	return true;
}

int zone_load(struct zone *zone, int64_t from, int64_t now)
{
	size_t room = 0;
	int32_t offset;

	memset(zone, 0, sizeof(*zone));
	take_zone(zone->name, sizeof(zone->name));
	if (from < 0)
		from = 0;
	zone->end = (now > from ? now : from) + 2 * YEAR;
	offset = ask_libc(from, 0);
	if (!add_change(zone, &room, INT64_MIN, offset))
		return -ENOMEM;
	/* no zone changes twice in a day */
	for (int64_t t = from; t < zone->end; t += DAY) {
		int64_t before = t, after = t + DAY;
		int32_t next = ask_libc(after, offset);

		if (next == offset)
			continue;
		while (after - before > 1) {
			int64_t middle = before + (after - before) / 2;

			if (ask_libc(middle, offset) == offset)
				before = middle;
			else
				after = middle;
		}
		if (!add_change(zone, &room, after, next)) {
			zone_free(zone);
			return -ENOMEM;
		}
		offset = next;
	}
	return 0;
}

void zone_free(struct zone *zone)
{
	free(zone->changes);
	zone->changes = NULL;
	zone->count = 0;
}

void zone_files_look(struct zone_files *files)
{
	memset(files, 0, sizeof(*files));
	for (size_t i = 0; i < sizeof(files->file) / sizeof(*files->file); i++) {
		struct stat st;

		if (stat(zone_paths[i], &st))
			continue;
		files->file[i].device = st.st_dev;
		files->file[i].inode = st.st_ino;
		files->file[i].modified_ns =
			(int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		files->file[i].size = st.st_size;
	}
}

bool zone_files_same(const struct zone_files *a, const struct zone_files *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The number of the last change at or before t. */
static size_t change_before(const struct zone *zone, int64_t t)
{
	size_t low = 0, high = zone->count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (zone->changes[middle].at <= t)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int64_t change_end(const struct zone *zone, size_t i)
{
	return i + 1 < zone->count ? zone->changes[i + 1].at : INT64_MAX;
}

int32_t zone_offset(const struct zone *zone, int64_t t)
{
	return zone->changes[change_before(zone, t)].offset;
}

void zone_hour(const struct zone *zone, int64_t t, int64_t *start, int64_t *end)
{
	size_t i = change_before(zone, t);
	int32_t offset = zone->changes[i].offset;
	int64_t full = floor_div(t + offset, HOUR) * HOUR - offset;

	*start = full > zone->changes[i].at ? full : zone->changes[i].at;
	*end = full + HOUR < change_end(zone, i) ? full + HOUR : change_end(zone, i);
}

int64_t zone_day_start(const struct zone *zone, int64_t day)
{
	int64_t local = day * DAY, start;
	size_t i = change_before(zone, local - LOOK_BACK);

	/* the first instant of each offset at which its local clock shows that midnight or later */
	for (;; i++) {
		start = local - zone->changes[i].offset;
		if (start < zone->changes[i].at)
			start = zone->changes[i].at;
		if (start < change_end(zone, i))
			return start;
	}
}

int64_t zone_day_of(const struct zone *zone, int64_t t)
{
	int64_t day = floor_div(t + zone_offset(zone, t), DAY);

	/* the clock was put back over midnight: the new day has begun */
	while (t >= zone_day_start(zone, day + 1))
		day++;
	return day;
}

/* Years are taken to begin in March, so that February's last day is the year's; 400 of them are
 * 146,097 days. Day 0 is 719,468 days after 0000-03-01. */
void zone_month(int64_t day, int first, int64_t *start, int64_t *end)
{
	int year, month, day_of_month;

	calendar_date(day, &year, &month, &day_of_month);
	if (day_of_month < first && --month == 0) {
		month = 12;
		year--;
	}
	*start = calendar_day(year, month, first);
	*end = month == 12 ? calendar_day(year + 1, 1, first)
			   : calendar_day(year, month + 1, first);
}
