// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/recent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/recent_private.h"

#define VERSION	  1
#define PAGE_SIZE 4096

static const char *const texts[RECENT_STATEMENTS] = {
	[RECENT_GET_POSITION] = "SELECT boot, journal, tables, closed, last, base_journal, "
				"base_slice, written_on, written FROM position",
	[RECENT_NEW_POSITION] = "INSERT INTO position VALUES (0, ?, ?, 0, 0, 0, 0, 0, 0, 0)",
	[RECENT_SET_POSITION] = "UPDATE position SET tables = ?, closed = ?, last = ?",
	[RECENT_SET_BASE] = "UPDATE position SET base_journal = ?, base_slice = ?",
	[RECENT_SET_WRITTEN] = "UPDATE position SET written_on = ?, written = ?",
	[RECENT_EACH_SERIES] = "SELECT id, key, name, source, upload, download, upload_packets, "
			       "download_packets FROM series",
	[RECENT_NEW_SERIES] = "INSERT INTO series (key) VALUES (?)",
	[RECENT_SET_SERIES] = "UPDATE series SET name = ?, source = ?, upload = ?, download = ?, "
			      "upload_packets = ?, download_packets = ? WHERE id = ?",
	[RECENT_NEW_SLICE] = "INSERT INTO slice VALUES (?, ?, ?, iif(?, ?, NULL), ?)",
	[RECENT_NEW_ROW] = "INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?)",
	[RECENT_SETTLE] = "UPDATE slice SET date_offset = ? WHERE date_offset IS NULL",
	[RECENT_LAST_DATE] = "SELECT date_offset FROM slice WHERE date_offset IS NOT NULL "
			     "ORDER BY number DESC LIMIT 1",
	[RECENT_FIND_SLICE] = "SELECT 1 FROM slice WHERE number = ?",
	[RECENT_EACH_SLICE] = "SELECT number, began, ended, date_offset, unwatched FROM slice "
			      "WHERE number > ? ORDER BY number",
	[RECENT_EACH_ROW] = "SELECT series, upload, download, upload_packets, download_packets "
			    "FROM traffic WHERE slice = ?",
	[RECENT_FIRST] = "SELECT min(number) FROM slice",
	[RECENT_DROP_ROWS] = "DELETE FROM traffic WHERE slice > ? AND slice <= ?",
	[RECENT_DROP_SLICES] = "DELETE FROM slice WHERE number > ? AND number <= ?",
	[RECENT_MIDDLE] = "SELECT number FROM slice WHERE number > ? ORDER BY number "
			  "LIMIT 1 OFFSET (SELECT count(*) / 2 FROM slice WHERE number > ?)",
	[RECENT_MERGED] = "SELECT min(began), max(ended), count(*) FROM slice WHERE number > ? AND "
			  "number <= ?",
	[RECENT_MERGED_DATE] = "SELECT date_offset FROM slice WHERE number > ? AND number <= ? "
			       "AND date_offset IS NOT NULL ORDER BY number DESC LIMIT 1",
	[RECENT_MERGE_ROWS] = "INSERT INTO traffic SELECT 0, series, sum(upload), sum(download), "
			      "sum(upload_packets), sum(download_packets) FROM traffic "
			      "WHERE slice > ? AND slice <= ? GROUP BY series",
	[RECENT_MOVE_ROWS] = "UPDATE traffic SET slice = ? WHERE slice = 0",
	/* reads all rows only where a counter is 0 */
	[RECENT_DROP_GONE] =
		"DELETE FROM series WHERE CASE WHEN upload + download + upload_packets + "
		"download_packets = 0 THEN id NOT IN (SELECT series FROM traffic) ELSE 0 END",
	[RECENT_ADD_TO_OTHER] = "INSERT INTO traffic SELECT slice, ?2, upload, download, "
				"upload_packets, download_packets FROM traffic WHERE series = ?1 "
				"ON CONFLICT DO UPDATE SET upload = upload + excluded.upload, "
				"download = download + excluded.download, "
				"upload_packets = upload_packets + excluded.upload_packets, "
				"download_packets = download_packets + excluded.download_packets",
	[RECENT_DROP_ROWS_OF] = "DELETE FROM traffic WHERE series = ?",
	[RECENT_UNNAME] = "UPDATE series SET name = NULL, source = '' WHERE id = ?",
};

/* The key that recent_add() wrote as hexadecimal digits. */
static bool key_from_text(struct history_key *key, const char *text)
{
	uint8_t *bytes = (uint8_t *)key;
	unsigned byte;

	if (strlen(text) != RECENT_KEY - 1)
		return false;
	for (size_t i = 0; i < sizeof(*key); i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		bytes[i] = (uint8_t)byte;
	}
	return true;
}

int recent_begin(struct recent *recent)
{
	return sqlite_run(&recent->db, "BEGIN IMMEDIATE");
}

int recent_end(struct recent *recent, int error)
{
	if (!error)
		error = sqlite_run(&recent->db, "COMMIT");
	if (error)
		sqlite_run(&recent->db, "ROLLBACK");
	return error;
}

/* Opening */

static int make_schema(struct recent *recent, const char *boot_id)
{
	int error = recent_begin(recent);

	while (!recent->journal) /* 0 means none; positive, as SQLite's numbers are signed */
		if (getrandom(&recent->journal, sizeof(recent->journal), 0) < 0)
			return recent_end(recent, -errno);
		else
			recent->journal >>= 1;
	if (!error)
		error = sqlite_run(&recent->db,
			"CREATE TABLE position (id INTEGER PRIMARY KEY, boot TEXT, journal INTEGER,"
			" tables INTEGER, closed INTEGER, last INTEGER, base_journal INTEGER,"
			" base_slice INTEGER, written_on INTEGER, written INTEGER);"
			"CREATE TABLE series (id INTEGER PRIMARY KEY, key TEXT UNIQUE, name TEXT,"
			" source TEXT, upload INTEGER, download INTEGER, upload_packets INTEGER,"
			" download_packets INTEGER);"
			"CREATE TABLE slice (number INTEGER PRIMARY KEY, began INTEGER,"
			" ended INTEGER, date_offset INTEGER, unwatched INTEGER);"
			"CREATE TABLE traffic (slice INTEGER, series INTEGER, upload INTEGER,"
			" download INTEGER, upload_packets INTEGER, download_packets INTEGER,"
			" PRIMARY KEY (slice, series)) WITHOUT ROWID;"
			"PRAGMA user_version=1");
	_Static_assert(VERSION == 1, "as the schema says");
	if (!error)
		error = recent_do(
			recent, RECENT_NEW_POSITION, "ti", boot_id, (int64_t)recent->journal);
	recent->is_new = true;
	return recent_end(recent, error);
}

/* Returns 0; -EUCLEAN: damaged, of another version or boot; or another -errno. */
static int check(struct recent *recent, const char *boot_id)
{
	struct sqlite_statement whole = {.sql = "PRAGMA quick_check(1)"};
	struct sqlite_statement *position = recent_sql(recent, RECENT_GET_POSITION);
	int found = sqlite_first(&recent->db, &whole, "");
	bool usable = found == 1 && strcmp(sqlite_text(&whole, 0), "ok") == 0;

	sqlite_finalize(&whole);
	if (found < 0)
		return found;
	if (!usable)
		return -EUCLEAN;
	found = recent_row(recent, RECENT_GET_POSITION, "");
	if (found < 0)
		return found == -EINVAL ? -EUCLEAN : found;
	usable = found == 1 && strcmp(sqlite_text(position, 0), boot_id) == 0;
	if (usable) {
		recent->journal = (uint64_t)sqlite_integer(position, 1);
		recent->last = (uint64_t)sqlite_integer(position, 4);
		recent->base.journal = (uint64_t)sqlite_integer(position, 5);
		recent->base.slice = (uint64_t)sqlite_integer(position, 6);
		recent->written_on = sqlite_integer(position, 7);
		recent->written = (uint64_t)sqlite_integer(position, 8);
	}
	if (found == 1)
		sqlite_done(position);
	return usable ? 0 : -EUCLEAN;
}

/*
 * Nobody else opens it, so that the lock is kept. In memory, nothing waits for a disk: a kill is
 * all that the journal is for.
 */
static int open_file(struct recent *recent, const char *path, const char *boot_id)
{
	int64_t version;
	int error;

	recent->db = (struct sqlite){.page_size = PAGE_SIZE};
	recent->is_new = false;
	recent->journal = recent->last = 0;
	recent->base = (struct recent_mark){0};
	error = sqlite_open(&recent->db, path, false);
	if (!error)
		error = sqlite_run(&recent->db,
			"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=TRUNCATE;"
			"PRAGMA synchronous=OFF; PRAGMA cache_size=-128");
	if (error)
		return error;
	version = sqlite_pragma(&recent->db, "user_version");
	if (version < 0)
		error = (int)version;
	else if (version == 0)
		error = make_schema(recent, boot_id);
	else
		error = version == VERSION ? check(recent, boot_id) : -EUCLEAN;
	if (!error)
		error = recent_read_first(recent);
	if (error)
		sqlite_close(&recent->db);
	return error;
}

static void remove_files(const char *path)
{
	char journal[PATH_MAX + 16];

	snprintf(journal, sizeof(journal), "%s-journal", path);
	unlink(journal);
	unlink(path);
}

int recent_open(struct recent *recent, const char *dir, const char *boot_id, uint64_t limit)
{
	int error = -ENOENT;

	*recent = (struct recent){
		.limit = limit, .statements = calloc(1, sizeof(*recent->statements))};
	if (!recent->statements)
		return -ENOMEM;
	for (int i = 0; i < RECENT_STATEMENTS; i++)
		recent->statements->sql[i].sql = texts[i];
	if (dir && (size_t)snprintf(recent->path, sizeof(recent->path), "%s/%s", dir, RECENT_FILE) <
			   sizeof(recent->path))
		error = open_file(recent, recent->path, boot_id);
	if (error == -EUCLEAN || error == -EINVAL || error == -EISDIR || error == -ELOOP) {
		remove_files(recent->path);
		error = open_file(recent, recent->path, boot_id);
	}
	recent->in_memory = error != 0;
	if (error) {
		recent->path[0] = '\0';
		error = open_file(recent, ":memory:", boot_id);
	}
	if (error)
		recent_close(recent);
	return error;
}

void recent_close(struct recent *recent)
{
	sqlite_close(&recent->db);
	free(recent->statements);
	recent->statements = NULL;
}

void recent_discard(struct recent *recent)
{
	recent_close(recent);
	if (recent->path[0])
		remove_files(recent->path);
}

bool recent_is_there(const struct recent *recent)
{
	struct stat st;

	return !recent->path[0] || stat(recent->path, &st) == 0;
}

int recent_set_base(struct recent *recent, const struct recent_mark *base)
{
	recent->base = *base;
	return recent_do(
		recent, RECENT_SET_BASE, "ii", (int64_t)base->journal, (int64_t)base->slice);
}

int recent_note_written(struct recent *recent, int64_t date, uint64_t bytes)
{
	recent->written_on = date;
	recent->written = bytes;
	return recent_do(recent, RECENT_SET_WRITTEN, "ii", date, (int64_t)bytes);
}

bool recent_goes_on_from(struct recent *recent, const struct recent_mark *at)
{
	bool found;

	if (at->journal == recent->base.journal && at->slice == recent->base.slice)
		return true;
	if (at->journal != recent->journal)
		return false;
	if (at->slice == 0) /* a commit before the first slice */
		return recent->base.journal != recent->journal;
	found = recent_row(recent, RECENT_FIND_SLICE, "i", (int64_t)at->slice) == 1;
	sqlite_done(recent_sql(recent, RECENT_FIND_SLICE));
	return found;
}

int recent_read_first(struct recent *recent)
{
	int found = recent_row(recent, RECENT_FIRST, "");

	if (found < 0)
		return found;
	if (found == 1) {
		recent->first = (uint64_t)sqlite_integer(recent_sql(recent, RECENT_FIRST), 0);
		sqlite_done(recent_sql(recent, RECENT_FIRST));
	}
	return 0;
}

/* Counters */

static int resume_series(struct sqlite_statement *row, struct ledger *ledger)
{
	const struct mz_counts counter = sqlite_counts(row, 4);
	struct ledger_series *series;
	struct history_key key;
	int error;

	if (!key_from_text(&key, sqlite_text(row, 1)))
		return -EUCLEAN;
	error = ledger_resume_counter(ledger, &key, &counter, "");
	if (error)
		return error;
	series = &ledger->series[ledger_find(ledger, &key)];
	ledger_rename(series, sqlite_text(row, 2), sqlite_text(row, 3));
	series->recent_id = sqlite_integer(row, 0);
	return 0;
}

int recent_resume(struct recent *recent, struct ledger *ledger)
{
	struct sqlite_statement *row = recent_sql(recent, RECENT_EACH_SERIES);
	struct sqlite_statement *position = recent_sql(recent, RECENT_GET_POSITION);
	int found, error = 0;

	for (found = recent_row(recent, RECENT_EACH_SERIES, ""); found == 1 && !error;
		found = error ? 0 : sqlite_next(row))
		error = resume_series(row, ledger);
	if (error)
		sqlite_done(row);
	if (error || found < 0)
		return error ? error : found;
	found = recent_row(recent, RECENT_GET_POSITION, "");
	if (found < 1)
		return found ? found : -EUCLEAN;
	ledger_resume(ledger, (uint64_t)sqlite_integer(position, 2), sqlite_integer(position, 3));
	sqlite_done(position);
	return 0;
}

int recent_settle(struct recent *recent, int64_t offset)
{
	return recent_do(recent, RECENT_SETTLE, "i", offset);
}

int recent_last_date(struct recent *recent, int64_t *offset)
{
	struct sqlite_statement *date = recent_sql(recent, RECENT_LAST_DATE);
	int found = recent_row(recent, RECENT_LAST_DATE, "");

	if (found == 1)
		*offset = sqlite_integer(date, 0);
	sqlite_done(date);
	return found == 1 ? 0 : found ? found : -ENOENT;
}
