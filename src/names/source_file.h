/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that names come from: read again when it changed, and complained of once when broken. */
#ifndef MZ_NAMES_SOURCE_FILE_H
#define MZ_NAMES_SOURCE_FILE_H

#include <sys/stat.h>
#include <time.h>

#include "names/name_table.h"

/* What a parser reads: length bytes of text, and those of a second file, if there is one. */
struct source_text {
	const char *path, *text;
	size_t length;
	const char *changes_path, *changes; /* of the second file; NULL where it is not there */
	size_t changes_length;
};

/*
 * Adds the names in text to table. Returns 0 or -ENOMEM, or -EINVAL where the text is broken as a
 * whole. *line (from 1) and *why, a constant string, are then set; with 0, too, where lines were
 * passed over: the first of them. Both are zero before.
 */
typedef int source_parser(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why);

/* What stat(2) tells of a file's content. ctime: mtime can be set back, it cannot. */
struct source_stamp {
	int error;
	dev_t dev;
	ino_t ino;
	mode_t mode;
	off_t size;
	struct timespec mtime, ctime;
};

/* Why a file, or a line in it, is not read. */
struct source_trouble {
	int error;	 /* 0: it is, but for that line */
	unsigned line;	 /* 0: the whole file */
	const char *why; /* constant; NULL: what strerror() says */
};

struct source_file {
	char *path;
	char *changes; /* a second file that changes what is in the first; NULL: none */
	struct source_stamp seen[2];
	bool settled;	      /* the same stamps mean the same content */
	bool given;	      /* not found in another one */
	bool leads_on;	      /* it may be a directory, in whose files the names are */
	bool untrusted, left; /* what was told of that directory */
	struct source_trouble trouble;
	struct name_table table;
};

/* file: zeroed, but for its table's seed. changes: or NULL. Paths are copied. 0 or -ENOMEM. */
int source_file_open(struct source_file *file, const char *path, const char *changes);
void source_file_close(struct source_file *file);

/* Whether source_file_refresh() has something to read. */
bool source_file_stale(const struct source_file *file);

/*
 * Reads the file where it changed. Returns whether its names did, and then *old is what they were,
 * for name_table_free().
 */
bool source_file_refresh(struct source_file *file, source_parser *parse, struct name_table *old);

#endif
