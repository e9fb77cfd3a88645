// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of the database and the statements on them. docs/history.md describes the tables. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "history/store.h"
#include "history/store_private.h"

#define COUNTS "upload_bytes, download_bytes, upload_packets, download_packets"
#define COUNT_COLUMNS                                                                              \
	"upload_bytes INTEGER NOT NULL, download_bytes INTEGER NOT NULL, "                         \
	"upload_packets INTEGER NOT NULL, download_packets INTEGER NOT NULL"
#define SUMS                                                                                       \
	"sum(upload_bytes) AS upload_bytes, sum(download_bytes) AS download_bytes, "               \
	"sum(upload_packets) AS upload_packets, sum(download_packets) AS download_packets"
#define TRAFFIC                                                                                    \
	"traffic.upload_bytes, traffic.download_bytes, traffic.upload_packets, "                   \
	"traffic.download_packets"
#define HOST_COLUMNS                                                                               \
	"CASE WHEN name <> '' THEN name WHEN mac <> '' THEN mac WHEN address <> '' THEN address "  \
	"ELSE reason END AS host, mac, address, ip_version, interface"

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE host (id INTEGER PRIMARY KEY, interface TEXT NOT NULL, mac TEXT NOT NULL,"
	" address TEXT NOT NULL, ip_version INTEGER NOT NULL, reason TEXT NOT NULL,"
	" name TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT '',"
	" UNIQUE (mac, address, interface, ip_version, reason));"
	"CREATE TABLE hour (start INTEGER PRIMARY KEY, end INTEGER NOT NULL,"
	" utc_offset INTEGER NOT NULL, estimated INTEGER NOT NULL, " COUNT_COLUMNS ");"
	"CREATE TABLE hour_traffic (start INTEGER NOT NULL, host INTEGER NOT NULL, " COUNT_COLUMNS
	", PRIMARY KEY (start, host)) WITHOUT ROWID;"
	"CREATE TABLE day (start INTEGER PRIMARY KEY, end INTEGER NOT NULL, date TEXT NOT NULL,"
	" utc_offset INTEGER NOT NULL, estimated INTEGER NOT NULL, " COUNT_COLUMNS ");"
	"CREATE TABLE day_traffic (start INTEGER NOT NULL, host INTEGER NOT NULL, " COUNT_COLUMNS
	", PRIMARY KEY (start, host)) WITHOUT ROWID;"
	"CREATE TABLE boot (id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE,"
	" utc_start INTEGER, ended INTEGER NOT NULL DEFAULT 0,"
	" proven_start INTEGER);"
	"CREATE TABLE held (id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, began INTEGER NOT NULL,"
	" ended INTEGER NOT NULL, unwatched INTEGER NOT NULL);"
	"CREATE TABLE held_traffic (held INTEGER NOT NULL, host INTEGER NOT NULL, " COUNT_COLUMNS
	", PRIMARY KEY (held, host)) WITHOUT ROWID;"
	"CREATE TABLE counter (host INTEGER PRIMARY KEY, " COUNT_COLUMNS ");"
	"CREATE TABLE position (id INTEGER PRIMARY KEY CHECK (id = 1), boot INTEGER NOT NULL,"
	" tables INTEGER NOT NULL, taken INTEGER NOT NULL, journal INTEGER NOT NULL,"
	" slice INTEGER NOT NULL, shortened INTEGER NOT NULL);"
	"INSERT INTO position VALUES (1, 0, 0, 0, 0, 0, 0);"
	"CREATE TABLE recorded (start INTEGER PRIMARY KEY, end INTEGER NOT NULL,"
	" reason INTEGER NOT NULL);"
	"CREATE VIEW hourly AS SELECT datetime(start + utc_offset, 'unixepoch') AS local_start,"
	" (end - start) / 60 AS minutes, " HOST_COLUMNS ", " TRAFFIC ", estimated, start,"
	" host.id AS host_id FROM hour_traffic AS traffic JOIN hour USING (start)"
	" JOIN host ON host.id = traffic.host;"
	"CREATE VIEW daily AS SELECT date, " HOST_COLUMNS ", " SUMS ", max(estimated) AS estimated,"
	" host.id AS host_id FROM (SELECT date, traffic.host AS which, " TRAFFIC ", estimated"
	" FROM day_traffic AS traffic JOIN day USING (start) UNION ALL"
	" SELECT date(start + utc_offset, 'unixepoch'), traffic.host, " TRAFFIC ", estimated"
	" FROM hour_traffic AS traffic JOIN hour USING (start)) JOIN host ON host.id = which"
	" GROUP BY date, host.id;";

int store_make_schema(struct store *store)
{
	char sql[128];
	int error = sqlite_run(&store->db, schema);

	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
		STORE_APPLICATION, STORE_VERSION);
	if (!error)
		error = sqlite_run(&store->db, sql);
	if (error)
		store_rollback(store);
	return error;
}

int store_check_schema(struct store *store)
{
	int64_t application = sqlite_pragma(&store->db, "application_id");
	int64_t version = sqlite_pragma(&store->db, "user_version");
	int64_t tables = sqlite_pragma(&store->db, "schema_version");

	if (tables < 0)
		return (int)tables;
	if (application == STORE_APPLICATION && version > STORE_VERSION)
		return -EMEDIUMTYPE;
	if (tables == 0)
		return -ENOENT;
	return application == STORE_APPLICATION && version == STORE_VERSION ? 0 : -EUCLEAN;
}

int store_check_pages(struct store *store, bool thorough)
{
	struct sqlite_statement check = {
		.sql = thorough ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)"};
	int error = sqlite_first(&store->db, &check, "");

	if (error == 1)
		error = strcmp(sqlite_text(&check, 0), "ok") == 0 ? 0 : -EUCLEAN;
	sqlite_finalize(&check);
	return error;
}

#define ADD_COUNTS                                                                                 \
	"upload_bytes = upload_bytes + ?3, download_bytes = download_bytes + ?4,"                  \
	" upload_packets = upload_packets + ?5, download_packets = download_packets + ?6"

#define ADD_TO_SUM                                                                                 \
	"upload_bytes = upload_bytes + ?2, download_bytes = download_bytes + ?3,"                  \
	" upload_packets = upload_packets + ?4, download_packets = download_packets + ?5"
#define ADD_EXCLUDED                                                                               \
	"upload_bytes = upload_bytes + excluded.upload_bytes,"                                     \
	" download_bytes = download_bytes + excluded.download_bytes,"                              \
	" upload_packets = upload_packets + excluded.upload_packets,"                              \
	" download_packets = download_packets + excluded.download_packets"

const char *const store_texts[STORE_STATEMENTS] = {
	[STORE_FIND_BOOT] = "SELECT id FROM boot WHERE boot_id = ?",
	[STORE_NEW_BOOT] = "INSERT INTO boot (boot_id) VALUES (?)",
	[STORE_SET_BOOT] = "UPDATE boot SET utc_start = ?2, ended = ?3 WHERE id = ?1",
	[STORE_GET_POSITION] = "SELECT boot, tables, taken, journal, slice FROM position",
	[STORE_SET_POSITION] = "UPDATE position SET boot = ?, tables = ?, taken = ?, journal = ?,"
			       " slice = ?",
	[STORE_CLEAR_COUNTERS] = "DELETE FROM counter",
	[STORE_SET_COUNTER] = "INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?, ?)",
	[STORE_EACH_COUNTER] = "SELECT interface, mac, address, ip_version, reason, name, source,"
			       " host.id, " COUNTS " FROM counter JOIN host ON host.id = host"
			       " ORDER BY host.id",
	[STORE_FIND_HOST] = "SELECT id, name, source FROM host WHERE interface = ? AND mac = ?"
			    " AND address = ? AND ip_version = ? AND reason = ?",
	[STORE_NEW_HOST] = "INSERT INTO host (interface, mac, address, ip_version, reason, name,"
			   " source) VALUES (?, ?, ?, ?, ?, ?, ?)",
	[STORE_NAME_HOST] = "UPDATE host SET name = ?2, source = ?3 WHERE id = ?1",
	[STORE_GET_HOST] = "SELECT interface, mac, address, ip_version, reason, name, source"
			   " FROM host WHERE id = ?",
	[STORE_NEXT_FORGOTTEN] = "SELECT interface, mac, address, ip_version, reason, name, source,"
				 " id FROM host WHERE source = 'forgotten' LIMIT 1",
	/* A day that was imported may have hours of its own: they are not older than all others. */
	[STORE_DAY_OF_HOUR] = "SELECT start FROM day WHERE start <= ?1 AND end > ?1"
			      " AND ?1 < (SELECT min(start) FROM hour) ORDER BY start DESC LIMIT 1",
	[STORE_HOUR] = "INSERT INTO hour VALUES (?, ?, ?, ?, 0, 0, 0, 0) ON CONFLICT DO UPDATE"
		       " SET end = max(end, excluded.end),"
		       " estimated = max(estimated, excluded.estimated)",
	[STORE_HOUR_TRAFFIC] = "INSERT INTO hour_traffic VALUES (?, ?, ?, ?, ?, ?)"
			       " ON CONFLICT DO NOTHING",
	[STORE_ADD_HOUR_TRAFFIC] =
		"UPDATE hour_traffic SET " ADD_COUNTS " WHERE start = ?1 AND host = ?2",
	[STORE_DAY] = "INSERT INTO day VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0) ON CONFLICT DO UPDATE"
		      " SET end = max(end, excluded.end),"
		      " estimated = max(estimated, excluded.estimated)",
	[STORE_DAY_ESTIMATED] = "UPDATE day SET estimated = 1 WHERE start = ?",
	[STORE_DAY_TRAFFIC] = "INSERT INTO day_traffic VALUES (?, ?, ?, ?, ?, ?)"
			      " ON CONFLICT DO NOTHING",
	[STORE_ADD_DAY_TRAFFIC] =
		"UPDATE day_traffic SET " ADD_COUNTS " WHERE start = ?1 AND host = ?2",
	[STORE_ADD_HOUR_SUM] = "UPDATE hour SET " ADD_TO_SUM " WHERE start = ?1",
	[STORE_ADD_DAY_SUM] = "UPDATE day SET " ADD_TO_SUM " WHERE start = ?1",
	[STORE_NEW_HELD] = "INSERT INTO held (boot, began, ended, unwatched) VALUES (?, ?, ?, ?)",
	[STORE_HELD_TRAFFIC] = "INSERT INTO held_traffic VALUES (?, ?, ?, ?, ?, ?)"
			       " ON CONFLICT DO UPDATE SET " ADD_COUNTS,
	[STORE_EACH_HELD] = "SELECT began, ended, unwatched, host, " COUNTS " FROM held"
			    " JOIN held_traffic ON held = id WHERE boot = ? ORDER BY id, host",
	[STORE_HELD_BOOT] = "SELECT boot.id, utc_start, min(began), max(held.ended) FROM boot"
			    " JOIN held ON boot = boot.id WHERE boot.id < ? GROUP BY boot.id"
			    " ORDER BY boot.id DESC LIMIT 1",
	[STORE_COUNT_HELD] = "SELECT count(*) FROM held",
	[STORE_LAST_FINAL] = "SELECT max(start) FROM (SELECT max(start) AS start FROM hour"
			     " WHERE NOT estimated UNION ALL"
			     " SELECT max(start) FROM day WHERE NOT estimated)",
	[STORE_DROP_HELD_TRAFFIC] = "DELETE FROM held_traffic WHERE held IN"
				    " (SELECT id FROM held WHERE boot = ?)",
	[STORE_DROP_HELD] = "DELETE FROM held WHERE boot = ?",
	[STORE_SETTLE_BOOT] = "UPDATE boot SET utc_start = ?2 WHERE id = ?1",
	[STORE_PROVE_BOOT] = "UPDATE boot SET proven_start = ?2 WHERE id = ?1",
	[STORE_BOOT_PROOF] = "SELECT proven_start FROM boot WHERE id = ?",
	[STORE_FIND_RECORDED] = "SELECT start FROM recorded WHERE start <= ?1 AND end >= ?1"
				" ORDER BY start DESC LIMIT 1",
	[STORE_RECORDED] = "INSERT INTO recorded VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
			   " SET end = max(end, excluded.end)",
	[STORE_COUNT_HOURS] = "SELECT count(*), min(start), max(start) FROM hour",
	[STORE_SUM_DAY] = "INSERT INTO day SELECT ?1, ?2, ?3, ?4, max(estimated), " SUMS
			  " FROM hour WHERE start >= ?1 AND start < ?2 ON CONFLICT DO UPDATE"
			  " SET end = max(end, excluded.end),"
			  " estimated = max(estimated, excluded.estimated), " ADD_EXCLUDED,
	[STORE_SUM_DAY_TRAFFIC] =
		"INSERT INTO day_traffic SELECT ?1, host, " SUMS
		" FROM hour_traffic WHERE start >= ?1 AND start < ?2 GROUP BY host"
		" ON CONFLICT DO UPDATE SET " ADD_EXCLUDED,
	[STORE_COUNT_DAY_TRAFFIC] = "SELECT count(*) FROM day_traffic WHERE start = ?",
	[STORE_DROP_HOUR_TRAFFIC] = "DELETE FROM hour_traffic WHERE start >= ? AND start < ?",
	[STORE_DROP_HOURS] = "DELETE FROM hour WHERE start >= ? AND start < ?",
	[STORE_FIRST_DAY] = "SELECT min(start) FROM day",
	[STORE_DROP_DAY_TRAFFIC] = "DELETE FROM day_traffic WHERE start = ?",
	[STORE_DROP_DAY] = "DELETE FROM day WHERE start = ?",
	[STORE_DROP_RECORDED] =
		"DELETE FROM recorded WHERE end < ifnull((SELECT min(start) FROM"
		" (SELECT min(start) AS start FROM day UNION ALL"
		" SELECT min(start) FROM hour)), end) OR start <"
		" (SELECT start FROM recorded ORDER BY start DESC LIMIT 1 OFFSET 9999)",
	/* the present boot is the newest one */
	[STORE_DROP_BOOTS] =
		"DELETE FROM boot WHERE id < (SELECT max(id) FROM boot)"
		" AND id NOT IN (SELECT boot FROM held UNION SELECT boot FROM position)",
	[STORE_SET_SHORTENED] = "UPDATE position SET shortened = ?",
	[STORE_COUNT_ROWS] = "SELECT (SELECT count(*) FROM hour_traffic),"
			     " (SELECT count(*) FROM day_traffic),"
			     " shortened FROM position",
	/* reads all rows only where a host has no counter */
	[STORE_DROP_HOSTS] =
		"DELETE FROM host WHERE CASE WHEN id IN (SELECT host FROM counter)"
		" THEN 0 ELSE id NOT IN (SELECT host FROM held_traffic UNION"
		" SELECT host FROM day_traffic UNION SELECT host FROM hour_traffic) END",
	[STORE_REPORT] = "SELECT (SELECT min(start) FROM hour), (SELECT min(start) FROM day),"
			 " (SELECT count(*) FROM host)",
};
