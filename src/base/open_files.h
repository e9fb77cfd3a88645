/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_OPEN_FILES_H
#define MZ_BASE_OPEN_FILES_H

#define OPEN_FILES	 128 /* the exporter's connections are half of them */
#define OPEN_FILES_LEAST 81  /* to be born, the exporter has its sockets from 64 on */

/*
 * Raises RLIMIT_NOFILE to what is needed. Logs a line where it cannot be raised: with less clients
 * are turned away. Returns -EMFILE where hooks would not attach, or the exporter not start.
 */
int open_files_check(void);

#endif
