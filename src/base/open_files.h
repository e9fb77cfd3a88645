/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_OPEN_FILES_H
#define MZ_BASE_OPEN_FILES_H

/* The limit of open files that the daemon and its exporter need: RLIMIT_NOFILE of getrlimit(2). */

#define OPEN_FILES	 128 /* half of them are for the exporter's connections */
#define OPEN_FILES_LEAST 81  /* to start the exporter, whose sockets are moved to 64 and up */

/*
 * Raises RLIMIT_NOFILE to OPEN_FILES. Logs a line where it cannot: the exporter then turns clients
 * away sooner. Returns 0, or -EMFILE below OPEN_FILES_LEAST, where hooks would not attach or the
 * exporter would not start.
 */
int open_files_check(void);

#endif
