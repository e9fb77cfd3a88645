// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether the database is whole. */
#include "history/care.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NEGATIVE                                                                                   \
	"(upload_bytes < 0 OR download_bytes < 0 OR upload_packets < 0 OR download_packets < 0)"
/* Traffic that another table says nothing of. */
#define WITHOUT(table, column, of, id)                                                             \
	"SELECT count(*) FROM " table " WHERE " column " NOT IN (SELECT " id " FROM " of ")"
#define OVERLAPPING(table)                                                                         \
	"SELECT count(*) FROM (SELECT start, end, utc_offset, lead(start) OVER next AS after,"     \
	" lead(utc_offset) OVER next AS offset_after FROM " table                                  \
	" WINDOW next AS (ORDER BY start)) WHERE end > after AND utc_offset = offset_after"

/* An hour or a day whose sum is not that of its rows. */
#define SUM_IS_WRONG(table, rows)                                                                  \
	"WITH rows AS (SELECT start, sum(upload_bytes) AS upload_bytes, sum(download_bytes)"       \
	" AS download_bytes, sum(upload_packets) AS upload_packets, sum(download_packets)"         \
	" AS download_packets FROM " rows " GROUP BY start)"                                       \
	" SELECT count(*) FROM " table " LEFT JOIN rows USING (start) WHERE"                       \
	" (" table ".upload_bytes, " table ".download_bytes, " table ".upload_packets, " table     \
	".download_packets) <> (ifnull(rows.upload_bytes, 0), ifnull(rows.download_bytes, 0),"     \
	" ifnull(rows.upload_packets, 0), ifnull(rows.download_packets, 0))"

/* What counts rows that cannot be. Times of another zone may overlap: a zone may be changed. */
static const struct {
	const char *sql, *what;
} rules[] = {
	{WITHOUT("hour_traffic", "start", "hour", "start"),
		"hour_traffic: of an hour that is not there"},
	{WITHOUT("hour_traffic", "host", "host", "id"),
		"hour_traffic: of a host that is not there"},
	{WITHOUT("day_traffic", "start", "day", "start"),
		"day_traffic: of a day that is not there"},
	{WITHOUT("day_traffic", "host", "host", "id"), "day_traffic: of a host that is not there"},
	{WITHOUT("held_traffic", "held", "held", "id"),
		"held_traffic: of a slice that is not there"},
	{WITHOUT("held_traffic", "host", "host", "id"),
		"held_traffic: of a host that is not there"},
	{WITHOUT("held", "boot", "boot", "id"), "held: of a boot that is not there"},
	{WITHOUT("counter", "host", "host", "id"), "counter: of a host that is not there"},
	{"SELECT count(*) FROM hour_traffic WHERE " NEGATIVE, "hour_traffic: below zero"},
	{"SELECT count(*) FROM day_traffic WHERE " NEGATIVE, "day_traffic: below zero"},
	{"SELECT count(*) FROM held_traffic WHERE " NEGATIVE, "held_traffic: below zero"},
	{"SELECT count(*) FROM counter WHERE " NEGATIVE, "counter: below zero"},
	{"SELECT count(*) FROM hour WHERE end <= start OR end > start + 3600",
		"hour: not from 1 second to an hour long"},
	{"SELECT count(*) FROM day WHERE end <= start OR end > start + 172800",
		"day: not from 1 second to two days long"},
	{OVERLAPPING("hour"), "hour: overlaps the next one"},
	{OVERLAPPING("day"), "day: overlaps the next one"},
	{SUM_IS_WRONG("hour", "hour_traffic"), "hour: not the sum of its rows"},
	{SUM_IS_WRONG("day", "day_traffic"), "day: not the sum of its rows"},
	{"SELECT count(*) FROM held WHERE ended < began", "held: ends before it begins"},
	{"SELECT count(*) FROM recorded WHERE end < start", "recorded: ends before it begins"},
	{"SELECT count(*) <> 1 FROM position", "position: not one row"},
};

static void say(const struct care_listener *listener, const char *line)
{
	listener->say(listener->context, line);
}

/* Returns 0; -EMEDIUMTYPE; or -EUCLEAN, as for what is no database of ours. */
static int check_version(struct sqlite *db)
{
	int64_t version = sqlite_pragma(db, "user_version");

	if (version < 0)
		return (int)version;
	return version > STORE_VERSION ? -EMEDIUMTYPE : version == STORE_VERSION ? 0 : -EUCLEAN;
}

/* Returns the number of faults that SQLite finds, or -errno. */
static int check_integrity(struct sqlite *db, const struct care_listener *listener)
{
	struct sqlite_statement check = {.sql = "PRAGMA integrity_check"};
	int found = 0, row;

	for (row = sqlite_first(db, &check, ""); row == 1; row = sqlite_next(&check)) {
		if (strcmp(sqlite_text(&check, 0), "ok") == 0)
			continue;
		say(listener, sqlite_text(&check, 0));
		found++;
	}
	sqlite_finalize(&check);
	return row < 0 && (row != -EUCLEAN || !found) ? row : found;
}

/* As check_integrity(). */
static int check_rules(struct sqlite *db, const struct care_listener *listener)
{
	int faults = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct sqlite_statement rule = {.sql = rules[i].sql};
		int row = sqlite_first(db, &rule, "");
		int64_t count = row == 1 ? sqlite_integer(&rule, 0) : 0;
		char line[128];

		sqlite_finalize(&rule);
		if (row < 0)
			return row;
		if (!count)
			continue;
		snprintf(line, sizeof(line), "%s (%" PRId64 " %s)", rules[i].what, count,
			count == 1 ? "row" : "rows");
		say(listener, line);
		faults++;
	}
	return faults;
}

int care_check(const char *dir, const struct care_listener *listener)
{
	struct sqlite db = {0};
	char path[PATH_MAX];
	int faults, more;

	if ((size_t)snprintf(path, sizeof(path), "%s/" STORE_FILE, dir) >= sizeof(path))
		return -ENAMETOOLONG;
	faults = sqlite_load();
	if (!faults)
		faults = sqlite_open(&db, path, true);
	if (faults)
		return faults;
	faults = check_version(&db);
	if (!faults)
		faults = sqlite_run(&db, "BEGIN"); /* all of one state */
	if (!faults)
		faults = check_integrity(&db, listener);
	more = faults == 0 ? check_rules(&db, listener) : 0;
	sqlite_close(&db);
	return faults < 0 || more < 0 ? (faults < 0 ? faults : more) : faults + more;
}
