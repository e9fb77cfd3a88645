// SPDX-License-Identifier: GPL-2.0-or-later
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "names_list.h"
#include "uci.h"

#define FILE_MAX (16 << 20) /* bytes; 100,000 hosts fit */
/* Seconds. Two changes closer together may leave the same times: jffs2 keeps whole seconds. */
#define SETTLED 2

/* What stat(2) tells of a file's content. ctime: mtime can be set back, it cannot. */
struct stamp {
	int error;
	dev_t dev;
	ino_t ino;
	mode_t mode;
	off_t size;
	struct timespec mtime, ctime;
};

/* Why a file is not read. */
struct trouble {
	int error;	 /* 0: it is */
	unsigned line;	 /* 0: the whole file */
	const char *why; /* constant; NULL: what strerror() says */
};

struct source {
	char *path; /* NULL: not followed */
	struct stamp seen;
	bool settled; /* the same stamp means the same content */
	struct trouble trouble;
	struct names_list list;
};

struct names {
	struct source sources[NAMES_SOURCES];
	uint64_t seed[2];
};

static const struct {
	const char *text;
	int (*parse)(const char *text, size_t length, struct names_list *list, unsigned *line,
		const char **why);
} kinds[NAMES_SOURCES] = {
	[NAMES_UCI] = {"uci", uci_hosts},
};

static struct stamp take_stamp(const char *path)
{
	struct stamp stamp = {0};
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

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->error == b->error && a->dev == b->dev && a->ino == b->ino && a->mode == b->mode &&
	       a->size == b->size && same_time(&a->mtime, &b->mtime) &&
	       same_time(&a->ctime, &b->ctime);
}

static bool same_trouble(const struct trouble *a, const struct trouble *b)
{
	return a->error == b->error && a->line == b->line && a->why == b->why;
}

/*
 * Whether the file last changed so long ago that another change would show in its times. What lies
 * far ahead was written before the clock was set back; what lies just ahead, time() is yet to
 * reach.
 */
static bool is_settled(const struct stamp *stamp)
{
	return llabs((long long)time(NULL) - stamp->ctime.tv_sec) > SETTLED;
}

/* Reads a file of a known size. -EAGAIN: it grew meanwhile. text: for free(), NULL on error. */
static int read_file(const char *path, size_t size, char **text, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not stop us */
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

/* Fills list with the names of the file a stamp was taken of, in part where that fails. */
static struct trouble load(const char *path, enum names_source kind, const struct stamp *stamp,
	struct names_list *list)
{
	struct trouble found = {.error = stamp->error};
	size_t length;
	char *text;

	if (!found.error && !S_ISREG(stamp->mode))
		return (struct trouble){-EINVAL, 0, "not a regular file"};
	if (!found.error && stamp->size > FILE_MAX)
		return (struct trouble){-EINVAL, 0, "larger than 16 MiB"};
	if (!found.error)
		found.error = read_file(path, (size_t)stamp->size, &text, &length);
	if (!found.error) {
		found.error = kinds[kind].parse(text, length, list, &found.line, &found.why);
		free(text);
	}
	if (found.error == -ENOENT || found.error == -ENOTDIR)
		return (struct trouble){0};
	return found;
}

static void complain(const char *path, const struct trouble *found)
{
	const char *why = found->why ? found->why : strerror(-found->error);

	if (found->line)
		log_warn("%s:%u: %s; the names known so far stay", path, found->line, why);
	else
		log_warn("%s: %s; the names known so far stay", path, why);
}

static bool refresh_source(struct names *names, enum names_source kind)
{
	struct source *source = &names->sources[kind];
	struct names_list list = {.seed = {names->seed[0], names->seed[1]}};
	struct stamp stamp = take_stamp(source->path);
	bool same = same_stamp(&stamp, &source->seen);
	bool settled = is_settled(&stamp); /* as of before the file is read */
	bool changed = false;
	struct trouble found;

	if (same && source->settled)
		return false;
	found = load(source->path, kind, &stamp, &list);
	if (!found.error) {
		struct names_list old = source->list;

		changed = !names_list_equal(&old, &list);
		source->list = list;
		list = old;
	} else if (found.error != -EAGAIN && !(same && same_trouble(&found, &source->trouble))) {
		complain(source->path, &found);
	}
	names_list_free(&list);
	if (found.error == -EAGAIN)
		return false;
	source->trouble = found;
	source->seen = stamp;
	/* What the system refused, it may grant the next time without a trace in the file. */
	source->settled = settled && (!found.error || found.why);
	return changed;
}

bool names_refresh(struct names *names)
{
	bool changed = false;

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		if (names->sources[i].path && refresh_source(names, (enum names_source)i))
			changed = true;
	return changed;
}

struct names *names_create(void)
{
	struct names *names = calloc(1, sizeof(*names));

	/* Early at boot there may be no random numbers yet: the tables work without, unguarded. */
	if (names && getrandom(names->seed, sizeof(names->seed), GRND_NONBLOCK) < 0)
		names->seed[0] = names->seed[1] = (uint64_t)time(NULL);
	return names;
}

void names_destroy(struct names *names)
{
	if (!names)
		return;
	for (unsigned i = 0; i < NAMES_SOURCES; i++) {
		free(names->sources[i].path);
		names_list_free(&names->sources[i].list);
	}
	free(names);
}

int names_follow(struct names *names, enum names_source source, const char *path)
{
	struct source *to = &names->sources[source];
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	free(to->path);
	to->path = copy;
	to->settled = false;
	to->seen = (struct stamp){0};
	return 0;
}

const char *names_find(const struct names *names, const uint8_t mac[6])
{
	const char *name = NULL;

	for (unsigned i = 0; i < NAMES_SOURCES && !name; i++)
		name = names_list_find(&names->sources[i].list, mac);
	return name;
}

size_t names_count(const struct names *names, enum names_source source)
{
	return names->sources[source].list.count;
}

const char *names_source_text(enum names_source source)
{
	return kinds[source].text;
}
