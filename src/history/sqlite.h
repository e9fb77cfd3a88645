/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SQLite, opened at run time by dlopen(3), so that only processes that keep a history map it.
 * Behind these functions no other file knows the library's names.
 */
#ifndef MZ_HISTORY_SQLITE_H
#define MZ_HISTORY_SQLITE_H

#include <stdbool.h>
#include <stdint.h>

#include "counts.h"

struct sqlite3;
struct sqlite3_stmt;

/* A database. The caller zeroes it, and may set page_size. */
struct sqlite {
	struct sqlite3 *handle; /* NULL: closed */
	int page_size;		/* of a new database; 0: SQLite's default */
	bool damaged;		/* a call has failed with -EUCLEAN since it was opened */
	/* private: */
	unsigned opening; /* another number each time that a database is opened */
	uint64_t written;
};

/* Loads the library. Call it before any sandbox. Returns 0, or -ENOSYS where there is none. */
int sqlite_load(void);

/*
 * Opens or makes the database at path (":memory:": in memory only). Never follows a symbolic link
 * as the last component, opens regular files of trusted users only. read_only: makes no database
 * and changes no row, but rolls back what a process that was killed left half done. Returns 0;
 * -EUCLEAN: damaged, or no database; -ELOOP, -EISDIR, -EINVAL: no regular file; -EPERM: another
 * user's; -ENOENT; -ENOSPC; -EROFS; -EACCES; -EBUSY: locked for two seconds; -EIO; or another
 * -errno.
 */
int sqlite_open(struct sqlite *db, const char *path, bool read_only);

/* Closes it, with all statements that were prepared on it: they may be used on another one. */
void sqlite_close(struct sqlite *db);

/* Runs statements, and drops their results. Errors as of sqlite_open(); -ESTALE: file removed. */
int sqlite_run(struct sqlite *db, const char *sql);

/* The text of the library's last error, for logs; valid until the next call. */
const char *sqlite_message(const struct sqlite *db);

/* One statement, prepared when it is first used, kept until sqlite_close(). Set sql only. */
struct sqlite_statement {
	const char *sql;
	struct sqlite3_stmt *prepared;
	struct sqlite *db;
	unsigned opening; /* of db, when it was prepared */
};

/*
 * Binds and runs. types: a letter per parameter: i int64_t, t const char * (NULL: SQL's NULL),
 * c const struct mz_counts *, which is four parameters: upload and download bytes, then packets.
 * A text must stay until the statement is done. sqlite_first() leaves the statement at its first
 * row: 1; or 0, done; or -errno.
 */
int sqlite_do(struct sqlite *db, struct sqlite_statement *statement, const char *types, ...);
int sqlite_first(struct sqlite *db, struct sqlite_statement *statement, const char *types, ...);
int sqlite_next(struct sqlite_statement *statement);  /* 1: a row; 0: done; -errno */
void sqlite_done(struct sqlite_statement *statement); /* leave it before its last row */
int64_t sqlite_integer(struct sqlite_statement *statement, int column);
const char *sqlite_text(struct sqlite_statement *statement, int column); /* "" for NULL */
bool sqlite_is_null(struct sqlite_statement *statement, int column);
struct mz_counts sqlite_counts(struct sqlite_statement *statement, int column); /* four columns */
void sqlite_finalize(struct sqlite_statement *statement);

int64_t sqlite_last_id(const struct sqlite *db);
int64_t sqlite_changes(const struct sqlite *db); /* rows that the last statement changed */
bool sqlite_in_transaction(const struct sqlite *db);

/* The integer that PRAGMA name returns, or -errno. */
int64_t sqlite_pragma(struct sqlite *db, const char *name);

/* Bytes that were written to the file, its journal included, since it was opened. */
uint64_t sqlite_bytes_written(const struct sqlite *db);
uint64_t sqlite_bytes(struct sqlite *db); /* in use, without free pages; 0 on errors */

#endif
