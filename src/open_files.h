/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_OPEN_FILES_H
#define MZ_OPEN_FILES_H

#define OPEN_FILES 128 /* the exporter's connections are half of them */

/*
 * Makes RLIMIT_NOFILE sufficient, as with less hooks do not attach, or the exporter does not start.
 * Logs a line and returns -EMFILE where it cannot be.
 */
int open_files_check(void);

#endif
