// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/trust.h"

#define FILE_MAX (16 << 20) /* bytes; 100,000 hosts fit */
/* Seconds. Two changes closer together may leave equal times: jffs2 keeps whole seconds. */
#define SETTLED 2

static struct source_stamp take_stamp(const char *path)
{
	struct source_stamp stamp = {0};
	struct stat file;

	if (stat(path, &file) < 0) {
		stamp.error = -errno;
		return stamp;
	}
	stamp.dev = file.st_dev;
	stamp.ino = file.st_ino;
	stamp.mode = file.st_mode;
	stamp.size = file.st_size;
	stamp.mtime = file.st_mtim;
	stamp.ctime = file.st_ctim;
	return stamp;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_stamp(const struct source_stamp *a, const struct source_stamp *b)
{
	return a->error == b->error && a->dev == b->dev && a->ino == b->ino && a->mode == b->mode &&
	       a->size == b->size && same_time(&a->mtime, &b->mtime) &&
	       same_time(&a->ctime, &b->ctime);
}

static bool same_trouble(const struct source_trouble *a, const struct source_trouble *b)
{
	return a->error == b->error && a->line == b->line && a->why == b->why;
}

/*
 * Whether the file last changed so long ago that another change would show in its times. A time far
 * in the future is from before the clock was set back, so it counts as long ago.
 */
static bool is_settled(const struct source_stamp *stamp)
{
	return llabs((long long)(clock_date_ms() / 1000) - stamp->ctime.tv_sec) > SETTLED;
}

/*
 * Reads a file of that size. Returns 0, -EAGAIN where it has grown, or -errno. *text: for free().
 */
static int read_file(const char *path, size_t size, char **text, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* opening a FIFO must not block */
	size_t got = 0;
	ssize_t n = 1;
	int error = 0;

	*text = NULL;
	*length = 0;
	if (fd < 0)
		return -errno;
	*text = malloc(size + 1);
	while (*text && n > 0 && got <= size) {
		n = read(fd, *text + got, size + 1 - got);
		if (n > 0)
			got += (size_t)n;
	}
	if (!*text)
		error = -ENOMEM;
	else if (n < 0)
		error = -errno;
	else if (got > size)
		error = -EAGAIN;
	close(fd);
	if (error) {
		free(*text);
		*text = NULL;
	}
	*length = got;
	return error;
}

/* Whether the file can be read. Sets *found to the reason where it cannot. */
static bool is_readable(const struct source_stamp *stamp, struct source_trouble *found)
{
	found->error = stamp->error;
	if (!found->error && !S_ISREG(stamp->mode))
		*found = (struct source_trouble){-EINVAL, 0, "not a regular file"};
	else if (!found->error && stamp->size > FILE_MAX)
		*found = (struct source_trouble){-EINVAL, 0, "larger than 16 MiB"};
	return !found->error;
}

/* Whether only trusted users can have put the file there: base/trust.h. Else sets *found. */
static bool is_trusted(const char *path, struct source_trouble *found)
{
	if (trust_path(path, true))
		return true;
	*found = (struct source_trouble){
		-EPERM, 0, "another user may have put it there: it is not read"};
	return false;
}

/* Reads the file of that stamp as read_file() does. Sets *found to the reason where it does not. */
static void read_trusted(const char *path, const struct source_stamp *stamp,
	struct source_trouble *found, char **text, size_t *length)
{
	if (!is_readable(stamp, found) || !is_trusted(path, found))
		return;
	found->error = read_file(path, (size_t)stamp->size, text, length);
	if (found->error)
		return;
	/* trust_path() is true where no file is: another user may have put one there since */
	if (access(path, F_OK) < 0)
		found->error = -EAGAIN;
	else
		is_trusted(path, found);
	if (found->error) {
		free(*text);
		*text = NULL;
	}
}

/* Fills table with the names of the files of these stamps; only in part where that fails. */
static struct source_trouble load(const struct source_file *file, source_parser *parse,
	const struct source_stamp stamp[2], struct name_table *table)
{
	struct source_text text = {.path = file->path};
	struct source_trouble found = {0}, ignored = {0};
	char *content = NULL, *changes = NULL;

	if (file->may_be_directory && S_ISDIR(stamp[0].mode))
		return (struct source_trouble){0};
	read_trusted(file->path, &stamp[0], &found, &content, &text.length);
	if (!found.error && file->changes) {
		read_trusted(file->changes, &stamp[1], &ignored, &changes, &text.changes_length);
		if (!ignored.why && !stamp[1].error)
			found.error = ignored.error;
	}
	text.text = content;
	text.changes = changes;
	text.changes_path = changes ? file->changes : NULL;
	if (!found.error)
		found.error = parse(&text, table, &found.line, &found.why);
	free(content);
	free(changes);
	if (found.error == -ENOENT || found.error == -ENOTDIR)
		return (struct source_trouble){0};
	return found;
}

static void complain(const char *path, const struct source_trouble *found)
{
	const char *why = found->why ? found->why : strerror(-found->error);
	const char *then = found->error ? "the names known so far stay" : "it is passed over";

	if (found->line)
		log_warn("%s:%u: %s; %s", path, found->line, why, then);
	else
		log_warn("%s: %s; %s", path, why, then);
}

static void take_stamps(const struct source_file *file, struct source_stamp stamp[2])
{
	stamp[0] = take_stamp(file->path);
	stamp[1] = file->changes ? take_stamp(file->changes) : (struct source_stamp){0};
}

static bool same_stamps(const struct source_file *file, const struct source_stamp stamp[2])
{
	return same_stamp(&stamp[0], &file->seen[0]) && same_stamp(&stamp[1], &file->seen[1]);
}

bool source_file_stale(const struct source_file *file)
{
	struct source_stamp stamp[2];

	take_stamps(file, stamp);
	return !file->settled || !same_stamps(file, stamp);
}

bool source_file_refresh(struct source_file *file, source_parser *parse, struct name_table *old)
{
	struct name_table table = {.seed = file->table.seed};
	struct source_stamp stamp[2];
	struct source_trouble found;
	bool same, settled, known, changed = false;

	take_stamps(file, stamp);
	same = same_stamps(file, stamp);
	settled = is_settled(&stamp[0]) && is_settled(&stamp[1]); /* before the files are read */
	if (same && file->settled)
		return false;
	found = load(file, parse, stamp, &table);
	known = same_trouble(&found, &file->trouble) && (same || !found.error);
	if (found.error != -EAGAIN && (found.error || found.why) && !known)
		complain(file->path, &found);
	if (!found.error) {
		changed = !name_table_equal(&file->table, &table);
		*old = file->table;
		file->table = table;
		table = *old;
		if (!stamp[0].error)
			log_debug("read %s: %zu names%s", file->path, file->table.host_count,
				changed ? "" : ", as before");
	}
	if (!changed)
		name_table_free(&table);
	if (found.error == -EAGAIN)
		return false;
	file->trouble = found;
	memcpy(file->seen, stamp, sizeof(file->seen));
	/* A system error may be gone the next time without a change of the file: try again then. */
	file->settled = settled && (!found.error || found.why);
	return changed;
}

int source_file_open(struct source_file *file, const char *path, const char *changes)
{
	file->path = strdup(path);
	file->changes = changes ? strdup(changes) : NULL;
	if (file->path && (file->changes || !changes))
		return 0;
	free(file->path);
	free(file->changes);
	file->path = file->changes = NULL;
	return -ENOMEM;
}

void source_file_close(struct source_file *file)
{
	free(file->path);
	free(file->changes);
	name_table_free(&file->table);
}
