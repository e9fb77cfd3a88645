/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text file of --textfile: every snapshot is written to it. With '-' none is. */
#ifndef MZ_DAEMON_TEXTFILE_WRITER_H
#define MZ_DAEMON_TEXTFILE_WRITER_H

#include <stdbool.h>
#include <sys/types.h>

#include "config/config.h"
#include "model/snapshot.h"
#include "output/textfile.h"

struct textfile_writer {
	const struct config *config;
	struct textfile file;
	bool failing; /* the last one could not be written, and that was logged */
};

/*
 * Whether the file can be written; creates nothing. writer: zeroed. config: kept by the caller.
 * Logs a line on failure. Returns 0 or -errno.
 */
int textfile_writer_start(struct textfile_writer *writer, const struct config *config);

/* Makes the file the user's that the daemon is to become. */
void textfile_writer_give(const struct textfile_writer *writer, uid_t uid, gid_t gid);

/* Whether the daemon, as it is now, may make files in that directory. */
bool textfile_writer_may_write(const struct textfile_writer *writer);

/* Replaces the file. Where that fails, logs a line the first time. */
void textfile_writer_write(struct textfile_writer *writer, const struct snapshot *snapshot);

/* The file stays. writer: zeroed is fine. */
void textfile_writer_stop(struct textfile_writer *writer);

#endif
