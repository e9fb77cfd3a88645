// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/trust.h"
#include "history/store_private.h"

/* docs/decisions/history-database.md has the figures behind these. */
#define PAGE_SIZE 1024
#define PRAGMAS                                                                                    \
	"PRAGMA journal_mode=PERSIST; PRAGMA journal_size_limit=65536; PRAGMA synchronous=FULL"

/* Bytes of the largest database that is read as a whole at each start: a second, on a router. */
#define CHECKED (16 << 20)

#define LEAST_LIMIT (256 << 10)
#define SMALL_DISK  (32 << 20)
#define SMALL_LIMIT (4 << 20)

/* The last database that was open has met damage. */
static bool in_doubt;

/* Takes the lock of the directory, which lasts as long as the descriptor. */
static int lock_directory(struct store *store, const char *dir)
{
	int error = 0;

	store->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->lock < 0)
		return -errno;
	if (flock(store->lock, LOCK_EX | LOCK_NB) < 0)
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
	return error;
}

static bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 || errno != ENOENT;
}

/*
 * Renames the database and its journal. The journal goes first: beside a new database it would be
 * taken for that one's.
 */
static int put_aside(struct store *store)
{
	char journal[PATH_MAX + 16], aside[PATH_MAX + 32], aside_journal[PATH_MAX + 48];

	snprintf(journal, sizeof(journal), "%s-journal", store->path);
	for (int i = 1; i <= STORE_ASIDE; i++) {
		snprintf(aside, sizeof(aside), "%s.damaged-%d", store->path, i);
		snprintf(aside_journal, sizeof(aside_journal), "%s-journal", aside);
		if (exists(aside) || exists(aside_journal))
			continue;
		if (rename(journal, aside_journal) < 0 && errno != ENOENT)
			return -errno;
		if (rename(store->path, aside) < 0)
			return -errno;
		fsync(store->lock);
		log_warn("%s: damaged, put aside as %s", store->path, aside);
		store->set_aside = true;
		return 0;
	}
	log_error("%s: damaged, and %d others are put aside already: remove or repair them",
		store->path, STORE_ASIDE);
	return -EUCLEAN;
}

/*
 * Looks for damage. In a large database that takes too long for each start: there, damage is found
 * when it is met, and the database is put aside when it is opened again.
 */
static int look_for_damage(struct store *store)
{
	int error;

	if (!in_doubt && sqlite_bytes(&store->db) > CHECKED)
		return 0;
	error = store_check_pages(store, in_doubt);
	in_doubt = false;
	return error;
}

static int count_rows(struct store *store)
{
	struct sqlite_statement *count = &store->statements->sql[STORE_COUNT_ROWS];
	struct store_state *now = &store->statements->now;
	int error = store_first(store, STORE_COUNT_ROWS, "");

	if (error != 1)
		return error < 0 ? error : -EUCLEAN; /* no position */
	now->hour_rows = (uint64_t)sqlite_integer(count, 0);
	now->day_rows = (uint64_t)sqlite_integer(count, 1);
	now->shortened = sqlite_integer(count, 2) != 0;
	sqlite_done(count);
	store->statements->committed = *now;
	store->shortened = now->shortened;
	return 0;
}

/* Opens the database, and makes its tables where it has none. */
static int open_database(struct store *store, bool read_only)
{
	bool locked = store->lock >= 0;
	int error = sqlite_open(&store->db, store->path, read_only);
	bool is_new;

	if (error)
		return error;
	error = store_check_schema(store);
	is_new = error == -ENOENT && !read_only;
	if (!error && locked)
		error = look_for_damage(store);
	if (!error || is_new)
		error = sqlite_run(&store->db, PRAGMAS);
	if (!error && is_new)
		error = store_make_schema(store);
	if (!error)
		error = count_rows(store);
	/* only now, as ids of hosts are valid while the store is open */
	if (!error && locked && sqlite_bytes(&store->db) <= CHECKED)
		error = store_do(store, STORE_DROP_HOSTS, "");
	if (error)
		sqlite_close(&store->db);
	return error;
}

static int open_in(struct store *store, const char *dir, bool lock, bool read_only)
{
	struct stat status;
	int error = 0;

	if (stat(dir, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	if (!trust_user(status.st_uid) || !trust_path(dir, false))
		return -EPERM;
	if ((size_t)snprintf(store->path, sizeof(store->path), "%s/" STORE_FILE, dir) >=
		sizeof(store->path) - sizeof(".damaged-1-journal"))
		return -ENAMETOOLONG;
	if (lock)
		error = lock_directory(store, dir);
	if (!error)
		error = open_database(store, read_only);
	if (error == -EUCLEAN && lock) {
		error = put_aside(store);
		if (!error)
			error = open_database(store, read_only);
	}
	if (error)
		return error;
	if (stat(store->path, &status) < 0)
		return -errno;
	store->device = status.st_dev;
	store->inode = status.st_ino;
	return 0;
}

static int open_store(
	struct store *store, const char *dir, uint64_t limit, bool lock, bool read_only)
{
	int error;

	*store = (struct store){.limit = limit, .lock = -1, .db.page_size = PAGE_SIZE};
	error = sqlite_load();
	if (error)
		return error;
	store->statements = calloc(1, sizeof(*store->statements));
	if (!store->statements)
		return -ENOMEM;
	for (int i = 0; i < STORE_STATEMENTS; i++)
		store->statements->sql[i].sql = store_texts[i];
	error = open_in(store, dir, lock, read_only);
	if (error)
		store_close(store);
	return error;
}

int store_open(struct store *store, const char *dir, uint64_t limit, bool lock)
{
	return open_store(store, dir, limit, lock, false);
}

int store_open_to_read(struct store *store, const char *dir)
{
	return open_store(store, dir, 0, false, true);
}

void store_close(struct store *store)
{
	in_doubt |= store->db.damaged && store->lock >= 0;
	sqlite_close(&store->db);
	store->written = sqlite_bytes_written(&store->db);
	free(store->statements);
	store->statements = NULL;
	if (store->lock >= 0)
		close(store->lock);
	store->lock = -1;
}

uint64_t store_default_limit(const char *dir)
{
	char path[PATH_MAX];
	struct statvfs disk;
	struct stat status;
	uint64_t available, limit;

	if (statvfs(dir, &disk) < 0)
		return SMALL_LIMIT;
	available = (uint64_t)disk.f_bavail * disk.f_frsize;
	if ((size_t)snprintf(path, sizeof(path), "%s/" STORE_FILE, dir) < sizeof(path) &&
		lstat(path, &status) == 0)
		available += (uint64_t)status.st_blocks * 512;
	limit = available / 4;
	if (available < SMALL_DISK && limit > SMALL_LIMIT)
		limit = SMALL_LIMIT;
	return limit < LEAST_LIMIT ? LEAST_LIMIT : limit;
}

bool store_is_there(const struct store *store)
{
	struct stat status;

	return store->db.handle && lstat(store->path, &status) == 0 &&
	       status.st_dev == store->device && status.st_ino == store->inode;
}

int store_begin(struct store *store)
{
	if (!store_is_there(store))
		return -ESTALE;
	store->statements->hour.known = false; /* another program may have changed the tables */
	return sqlite_run(&store->db, "BEGIN IMMEDIATE");
}

int store_commit(struct store *store)
{
	int error = sqlite_run(&store->db, "COMMIT");

	store->written = sqlite_bytes_written(&store->db);
	if (error) {
		store_rollback(store);
		return error;
	}
	store->statements->committed = store->statements->now;
	return 0;
}

void store_rollback(struct store *store)
{
	if (sqlite_in_transaction(&store->db))
		sqlite_run(&store->db, "ROLLBACK");
	if (!store->statements)
		return;
	store->statements->now = store->statements->committed;
	store->shortened = store->statements->now.shortened;
	store->statements->hour.known = false;
}

int store_start(struct store *store, bool *began)
{
	*began = !sqlite_in_transaction(&store->db);
	return *began ? store_begin(store) : 0;
}

int store_end(struct store *store, bool began, int error)
{
	if (began && !error)
		return store_commit(store);
	if (began)
		store_rollback(store);
	return error;
}
