// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/sqlite.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "history/sqlite_file.h"

#define LIBRARY "libsqlite3.so.0"

/* Milliseconds to wait for another process that has the database locked. */
#define PATIENCE 2000

#ifndef SQLITE_OPEN_NOFOLLOW /* of 3.31; older ones ignore it */
#define SQLITE_OPEN_NOFOLLOW 0x01000000
#endif

/* clang-format off */
#define FUNCTIONS(f) \
	f(bind_int64) f(bind_null) f(bind_text) f(busy_timeout) f(changes) f(close) \
	f(column_int64) f(column_text) f(column_type) f(errmsg) f(exec) \
	f(extended_result_codes) f(finalize) f(get_autocommit) f(last_insert_rowid) \
	f(next_stmt) f(open_v2) f(prepare_v2) f(reset) f(step) f(system_errno) \
	f(vfs_find)
/* clang-format on */

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration cannot have them */
#define DECLARE(name) __typeof__(sqlite3_##name) *name;
static struct {
	FUNCTIONS(DECLARE)
} lib;

static bool is_loaded;

/* The database that the library works for. Each process that has one has one thread. */
static struct sqlite *working;

static ssize_t count(ssize_t written)
{
	if (written > 0 && working)
		working->written += (uint64_t)written;
	return written;
}

static ssize_t counted_write(int fd, const void *bytes, size_t size)
{
	return count(write(fd, bytes, size));
}

static ssize_t counted_pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	return count(pwrite(fd, bytes, size, at));
}

/* Puts ours in the place of those functions that the library writes with. */
static void count_writes(void)
{
	sqlite3_vfs *vfs = lib.vfs_find(NULL);

	if (!vfs || vfs->iVersion < 3 || !vfs->xSetSystemCall || !vfs->xGetSystemCall)
		return;
	if (vfs->xGetSystemCall(vfs, "write"))
		vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)counted_write);
	if (vfs->xGetSystemCall(vfs, "pwrite"))
		vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)counted_pwrite);
	if (vfs->xGetSystemCall(vfs, "pwrite64"))
		vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)counted_pwrite);
}

int sqlite_load(void)
{
	void *library;

	if (is_loaded)
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return -ENOSYS;
#define FIND(name)                                                                                 \
	*(void **)&lib.name = dlsym(library, "sqlite3_" #name);                                    \
	if (!lib.name)                                                                             \
		goto fail;
	FUNCTIONS(FIND)
	count_writes();
	is_loaded = true;
	return 0;
fail:
	dlclose(library);
	return -ENOSYS;
}

/* What the system said when the library failed to read or write. */
static int system_error(const struct sqlite *db, int otherwise)
{
	int error = lib.system_errno(db->handle);

	if (error == EDQUOT || error == EFBIG)
		return -ENOSPC;
	return error ? -error : otherwise;
}

static int error_of(struct sqlite *db, int result)
{
	if (result == SQLITE_READONLY_DBMOVED)
		return -ESTALE;
	if (result == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		db->damaged = true;
		return -EUCLEAN;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return system_error(db, -EACCES);
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_ERROR: /* of SQL: a table that is missing */
	case SQLITE_MISUSE:
		return -EINVAL;
	default:
		return system_error(db, -EIO);
	}
}

static int set_up(struct sqlite *db, bool read_only)
{
	char sql[256];

	lib.extended_result_codes(db->handle, 1);
	lib.busy_timeout(db->handle, PATIENCE);
	/* The last one reads the file: it fails where that is no database. secure_delete: Debian's
	 * library zeroes all that is deleted, which costs writes. */
	snprintf(sql, sizeof(sql),
		"PRAGMA page_size=%d; PRAGMA cache_size=-256; PRAGMA temp_store=MEMORY;"
		"PRAGMA mmap_size=0; PRAGMA secure_delete=FAST; PRAGMA trusted_schema=OFF;"
		"PRAGMA query_only=%d; SELECT count(*) FROM sqlite_master",
		db->page_size, read_only);
	return sqlite_run(db, sql);
}

int sqlite_open(struct sqlite *db, const char *path, bool read_only)
{
	static unsigned openings;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
	char real[PATH_MAX];
	int error = 0;

	if (!is_loaded)
		return -ENOSYS;
	if (strcmp(path, ":memory:") != 0) {
		error = sqlite_file_prepare(path, read_only, real);
		path = real;
	}
	if (error)
		return error;
	db->opening = ++openings;
	db->written = 0;
	db->damaged = false;
	working = db;
	error = error_of(db, lib.open_v2(path, &db->handle, flags, NULL));
	if (!db->handle)
		return -ENOMEM;
	if (!error)
		error = set_up(db, read_only);
	if (error)
		sqlite_close(db);
	return error;
}

void sqlite_close(struct sqlite *db)
{
	struct sqlite3_stmt *statement;

	if (!db->handle)
		return;
	working = db;
	while ((statement = lib.next_stmt(db->handle, NULL)))
		lib.finalize(statement);
	lib.close(db->handle);
	db->handle = NULL;
	working = NULL;
}

int sqlite_run(struct sqlite *db, const char *sql)
{
	if (!db->handle)
		return -EBADF;
	working = db;
	return error_of(db, lib.exec(db->handle, sql, NULL, NULL, NULL));
}

const char *sqlite_message(const struct sqlite *db)
{
	return db->handle ? lib.errmsg(db->handle) : "closed";
}

static bool is_prepared(const struct sqlite_statement *statement)
{
	return statement->prepared && statement->db->handle &&
	       statement->opening == statement->db->opening;
}

static int bind_counts(struct sqlite3_stmt *prepared, int *at, const struct mz_counts *counts)
{
	int result = SQLITE_OK;

	for (int i = 0; i < MZ_DIRECTIONS && !result; i++)
		result = lib.bind_int64(prepared, ++*at, (int64_t)counts->bytes[i]);
	for (int i = 0; i < MZ_DIRECTIONS && !result; i++)
		result = lib.bind_int64(prepared, ++*at, (int64_t)counts->packets[i]);
	return result;
}

static int bind(struct sqlite3_stmt *prepared, const char *types, va_list arguments)
{
	int at = 0, result = SQLITE_OK;
	const char *text;

	for (; *types && !result; types++) {
		if (*types == 'c') {
			result = bind_counts(
				prepared, &at, va_arg(arguments, const struct mz_counts *));
		} else if (*types == 'i') {
			result = lib.bind_int64(prepared, ++at, va_arg(arguments, int64_t));
		} else {
			text = va_arg(arguments, const char *);
			result = text ? lib.bind_text(prepared, ++at, text, -1, SQLITE_STATIC)
				      : lib.bind_null(prepared, ++at);
		}
	}
	return result;
}

static int start(
	struct sqlite *db, struct sqlite_statement *statement, const char *types, va_list arguments)
{
	int result = SQLITE_OK;

	if (!db->handle)
		return -EBADF;
	working = db;
	if (statement->db == db && is_prepared(statement)) {
		lib.reset(statement->prepared);
	} else {
		statement->db = db;
		statement->opening = db->opening;
		result = lib.prepare_v2(db->handle, statement->sql, -1, &statement->prepared, NULL);
	}
	if (!result)
		result = bind(statement->prepared, types, arguments);
	return error_of(db, result);
}

int sqlite_first(struct sqlite *db, struct sqlite_statement *statement, const char *types, ...)
{
	va_list arguments;
	int error;

	va_start(arguments, types);
	error = start(db, statement, types, arguments);
	va_end(arguments);
	return error ? error : sqlite_next(statement);
}

int sqlite_do(struct sqlite *db, struct sqlite_statement *statement, const char *types, ...)
{
	va_list arguments;
	int error;

	va_start(arguments, types);
	error = start(db, statement, types, arguments);
	va_end(arguments);
	if (!error)
		error = sqlite_next(statement);
	if (error == 1)
		sqlite_done(statement);
	return error < 0 ? error : 0;
}

int sqlite_next(struct sqlite_statement *statement)
{
	int error, result;

	if (!is_prepared(statement))
		return -EBADF;
	working = statement->db;
	result = lib.step(statement->prepared);
	if (result == SQLITE_ROW)
		return 1;
	/* before reset(), which may read the file again */
	error = error_of(statement->db, result);
	lib.reset(statement->prepared);
	return error;
}

void sqlite_done(struct sqlite_statement *statement)
{
	if (!is_prepared(statement))
		return;
	working = statement->db;
	lib.reset(statement->prepared);
}

int64_t sqlite_integer(struct sqlite_statement *statement, int column)
{
	return lib.column_int64(statement->prepared, column);
}

const char *sqlite_text(struct sqlite_statement *statement, int column)
{
	const unsigned char *text = lib.column_text(statement->prepared, column);

	return text ? (const char *)text : "";
}

bool sqlite_is_null(struct sqlite_statement *statement, int column)
{
	return lib.column_type(statement->prepared, column) == SQLITE_NULL;
}

struct mz_counts sqlite_counts(struct sqlite_statement *statement, int column)
{
	struct mz_counts counts;

	for (int i = 0; i < MZ_DIRECTIONS; i++) {
		counts.bytes[i] = (uint64_t)sqlite_integer(statement, column + i);
		counts.packets[i] = (uint64_t)sqlite_integer(statement, column + 2 + i);
	}
	return counts;
}

void sqlite_finalize(struct sqlite_statement *statement)
{
	if (is_prepared(statement))
		lib.finalize(statement->prepared);
	statement->prepared = NULL;
}

int64_t sqlite_last_id(const struct sqlite *db)
{
	return lib.last_insert_rowid(db->handle);
}

int64_t sqlite_changes(const struct sqlite *db)
{
	return lib.changes(db->handle);
}

bool sqlite_in_transaction(const struct sqlite *db)
{
	return db->handle && !lib.get_autocommit(db->handle);
}

uint64_t sqlite_bytes_written(const struct sqlite *db)
{
	return db->written;
}

int64_t sqlite_pragma(struct sqlite *db, const char *name)
{
	char sql[64];
	struct sqlite_statement pragma = {.sql = sql};
	int64_t result;
	int error;

	snprintf(sql, sizeof(sql), "PRAGMA %s", name);
	error = sqlite_first(db, &pragma, "");
	result = error == 1 ? sqlite_integer(&pragma, 0) : error;
	sqlite_finalize(&pragma);
	return result;
}

uint64_t sqlite_bytes(struct sqlite *db)
{
	int64_t pages = sqlite_pragma(db, "page_count"), size = sqlite_pragma(db, "page_size");
	int64_t unused = sqlite_pragma(db, "freelist_count");

	return pages < 0 || unused < 0 || size < 0 ? 0
						   : (uint64_t)(pages - unused) * (uint64_t)size;
}
