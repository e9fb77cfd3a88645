/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_HISTORY_SQLITE_FILE_H
#define MZ_HISTORY_SQLITE_FILE_H

#include <limits.h>
#include <stdbool.h>

/*
 * For sqlite_open(): examines the database's file and its journal, and makes an empty file where
 * there is none. real: the path with its directory resolved. Returns 0, or errors as sqlite_open().
 */
int sqlite_file_prepare(const char *path, bool read_only, char real[static PATH_MAX]);

#endif
