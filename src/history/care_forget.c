// SPDX-License-Identifier: GPL-2.0-or-later
/* Removes what the database knows of a host, but for its part in all totals. */
#include "history/care.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Adds a host's rows to those of the host that stands for all that were forgotten. */
#define MOVE(table, key)                                                                           \
	"INSERT INTO " table " SELECT " key ", ?2, upload_bytes, download_bytes, upload_packets,"  \
	" download_packets FROM " table " WHERE host = ?1 ON CONFLICT DO UPDATE SET"               \
	" upload_bytes = upload_bytes + excluded.upload_bytes,"                                    \
	" download_bytes = download_bytes + excluded.download_bytes,"                              \
	" upload_packets = upload_packets + excluded.upload_packets,"                              \
	" download_packets = download_packets + excluded.download_packets"

static const char *const moves[] = {
	MOVE("hour_traffic", "start"),
	"DELETE FROM hour_traffic WHERE host = ?1 AND host <> ?2",
	MOVE("day_traffic", "start"),
	"DELETE FROM day_traffic WHERE host = ?1 AND host <> ?2",
	MOVE("held_traffic", "held"),
	"DELETE FROM held_traffic WHERE host = ?1 AND host <> ?2",
	"UPDATE host SET name = '', source = '" CARE_FORGOTTEN "' WHERE id = ?1 AND id <> ?2",
	"DELETE FROM host WHERE id = ?1 AND id <> ?2 AND id NOT IN (SELECT host FROM counter)",
};

/* Finds the next host above an id. One that was forgotten counts again once it has traffic. */
static struct sqlite_statement find = {
	.sql = "SELECT id, ip_version, mac, address, interface, name FROM host WHERE id > ?1"
	       " AND reason = '' AND (source <> '" CARE_FORGOTTEN
	       "' OR id IN (SELECT host FROM hour_traffic"
	       " UNION SELECT host FROM day_traffic UNION SELECT host FROM held_traffic))"
	       " AND CASE ?2 WHEN 0 THEN mac WHEN 1 THEN address ELSE name END = ?3"
	       " ORDER BY id LIMIT 1"};

static int run_on(struct store *store, const char *sql, int64_t host, int64_t forgotten)
{
	struct sqlite_statement statement = {.sql = sql};
	int error = sqlite_do(&store->db, &statement, "ii", host, forgotten);

	sqlite_finalize(&statement);
	return error;
}

static int forget(struct store *store, int64_t host, int64_t version)
{
	const struct history_key key = {
		.family = version == 6 ? AF_INET6 : AF_INET, .reason = HISTORY_FORGOTTEN_HOSTS};
	int64_t forgotten = store_host(store, &key, NULL, NULL);
	int error = forgotten < 0 ? (int)forgotten : 0;

	for (size_t i = 0; !error && i < sizeof(moves) / sizeof(*moves); i++)
		error = run_on(store, moves[i], host, forgotten);
	return error;
}

/* What is looked for, as a column of host has it. Returns which: 0 mac, 1 address, 2 name. */
static int64_t text_of(const struct care_who *who, char text[HISTORY_NAME])
{
	if (who->mac) {
		snprintf(text, HISTORY_NAME, "%02x:%02x:%02x:%02x:%02x:%02x", who->mac[0],
			who->mac[1], who->mac[2], who->mac[3], who->mac[4], who->mac[5]);
		return 0;
	}
	if (who->addr) {
		inet_ntop(who->family, who->addr, text, HISTORY_NAME);
		return 1;
	}
	snprintf(text, HISTORY_NAME, "%s", who->name);
	return 2;
}

static int forget_all(
	struct store *store, const struct care_who *who, const struct care_listener *listener)
{
	char text[HISTORY_NAME], line[HISTORY_NAME + 128];
	int64_t column = text_of(who, text), id = 0;
	int count = 0, row, error = 0;

	while (!error && (row = sqlite_first(&store->db, &find, "iit", id, column, text)) == 1) {
		int64_t version = sqlite_integer(&find, 1);
		bool has_mac = *sqlite_text(&find, 2);

		id = sqlite_integer(&find, 0);
		snprintf(line, sizeof(line), "%s on %s, IPv%" PRId64 "%s%s",
			sqlite_text(&find, has_mac ? 2 : 3), sqlite_text(&find, 4), version,
			*sqlite_text(&find, 5) ? ", " : "", sqlite_text(&find, 5));
		sqlite_done(&find);
		error = forget(store, id, version);
		if (!error)
			listener->say(listener->context, line);
		count++;
	}
	sqlite_finalize(&find);
	return error ? error : row < 0 ? row : count;
}

int care_forget(const char *dir, const struct care_who *who, const struct care_listener *listener,
	int *wiped)
{
	struct store store;
	int count, error = care_open(&store, dir);

	*wiped = 0;
	if (error)
		return error;
	/* Nothing of it stays in pages that are used no more, nor in the journal. */
	error = sqlite_run(&store.db, "PRAGMA secure_delete=ON; PRAGMA journal_mode=TRUNCATE");
	if (!error)
		error = store_begin(&store);
	count = error ? error : forget_all(&store, who, listener);
	if (count > 0) {
		error = store_commit(&store);
		count = error ? error : count;
	} else if (!error) {
		store_rollback(&store);
	}
	if (count > 0) /* what became unused before: rows that moved, or that were too old */
		*wiped = sqlite_run(&store.db, "VACUUM");
	store_close(&store);
	return count;
}
