/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that names come from. The daemon reads it again when it has changed, and logs once what is
 * wrong with it.
 */
#ifndef MZ_NAMES_SOURCE_FILE_H
#define MZ_NAMES_SOURCE_FILE_H

#include <sys/stat.h>
#include <time.h>

#include "names/name_table.h"

/* What stat(2) says of a file, to notice a change. Users can set mtime back, but not ctime. */
struct source_stamp {
	int error;
	dev_t dev;
	ino_t ino;
	mode_t mode;
	off_t size;
	struct timespec mtime, ctime;
};

/* Why a file, or a line in it, was not read. */
struct source_trouble {
	int error;	 /* 0: the file was read, but for that line */
	unsigned line;	 /* 0: the whole file */
	const char *why; /* a constant string; NULL: strerror() of error */
};

struct source_file {
	char *path;
	char *changes; /* the path of a second file, with changes to the first; NULL: none */
	struct source_stamp seen[2];	    /* of both files, when they were read last */
	bool settled;			    /* equal stamps mean equal content */
	bool added;			    /* by names_add_file(); else another file leads to it */
	bool may_be_directory;		    /* it may be a directory of files */
	bool logged_untrusted, logged_left; /* the log has it: see directory.h */
	struct source_trouble trouble;
	struct name_table table;
};

/*
 * Sets the paths of a file that is all zero but for its table's seed. changes: NULL: there is no
 * second file. Copies the paths. Reads nothing. Returns 0 or -ENOMEM.
 */
int source_file_open(struct source_file *file, const char *path, const char *changes);
void source_file_close(struct source_file *file);

/* Whether source_file_refresh() has something to read. */
bool source_file_stale(const struct source_file *file);

/*
 * Reads the file where it has changed. Returns whether its names changed; *old then holds the names
 * before, for name_table_free().
 */
bool source_file_refresh(struct source_file *file, source_parser *parse, struct name_table *old);

#endif
