// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Writing is watched at the files themselves: watching it at a directory like /tmp would wake the
 * daemon for every file there.
 */
#define DIRECTORY_EVENTS                                                                           \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)
#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
#define ENDS	    (IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)

#define TRIES 4 /* to find the nearest directory, while directories appear */

struct watched {
	char *path;
	int directory;	  /* watch descriptor of the nearest existing directory; -1: none */
	int file;	  /* watch descriptor of the file; -1: it does not exist */
	const char *name; /* the component below that directory: a part of path */
	size_t name_length;
	int old_directory, old_file;
};

struct watch {
	int fd;
	struct watched *files;
	size_t count;
};

struct watch *watch_create(void)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd >= 0)
		return watch;
	free(watch);
	return NULL;
}

void watch_destroy(struct watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < watch->count; i++)
		free(watch->files[i].path);
	free(watch->files);
	close(watch->fd);
	free(watch);
}

int watch_add(struct watch *watch, const char *path)
{
	struct watched *files = realloc(watch->files, (watch->count + 1) * sizeof(*files));
	struct watched file = {.path = strdup(path), .directory = -1, .file = -1};

	if (files)
		watch->files = files;
	if (!files || !file.path) {
		free(file.path);
		return -ENOMEM;
	}
	files[watch->count++] = file;
	return 0;
}

int watch_fd(const struct watch *watch)
{
	return watch->fd;
}

/*
 * Cuts the last component off a path of length bytes. Returns the length of what is left, without
 * slashes at its end but for the root's; *name is where the component begins.
 */
static size_t cut(const char *path, size_t length, size_t *name)
{
	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length && path[length - 1] != '/')
		length--;
	*name = length;
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

/* Watches the nearest directory above the file. Returns whether it is the file's own. */
static bool watch_directory(struct watch *watch, struct watched *file)
{
	size_t length = strlen(file->path), name;
	char path[PATH_MAX];
	bool own = true;

	file->directory = -1;
	if (length >= sizeof(path))
		return true;
	for (;;) {
		size_t end = length;

		length = cut(file->path, end, &name);
		file->name = file->path + name;
		file->name_length = strcspn(file->name, "/");
		memcpy(path, file->path, length);
		path[length] = '\0';
		file->directory = inotify_add_watch(watch->fd, length ? path : ".",
			DIRECTORY_EVENTS | IN_ONLYDIR | IN_MASK_ADD);
		if (file->directory >= 0 || length == 0 || (length == 1 && path[0] == '/') ||
			(errno != ENOENT && errno != ENOTDIR))
			break;
		own = false;
	}
	return own || file->directory < 0;
}

/* Whether the component below the watched directory exists: it may have come before the watch. */
static bool has_come(const struct watched *file)
{
	size_t length = (size_t)(file->name - file->path) + file->name_length;
	char path[PATH_MAX];
	struct stat it;

	memcpy(path, file->path, length);
	path[length] = '\0';
	return stat(path, &it) == 0 && S_ISDIR(it.st_mode);
}

/* Whether a file uses the watch descriptor. The kernel does not reuse their numbers. */
static bool is_used(const struct watch *watch, int descriptor)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->files[i].directory == descriptor || watch->files[i].file == descriptor)
			return true;
	return false;
}

static void drop(const struct watch *watch, int descriptor)
{
	if (descriptor >= 0 && !is_used(watch, descriptor))
		inotify_rm_watch(watch->fd, descriptor);
}

void watch_renew(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		struct watched *file = &watch->files[i];

		file->old_directory = file->directory;
		file->old_file = file->file;
		for (int tries = 0; tries < TRIES; tries++)
			if (watch_directory(watch, file) || !has_come(file))
				break;
		/* DIRECTORY_EVENTS, as the path may be a directory */
		file->file = inotify_add_watch(
			watch->fd, file->path, FILE_EVENTS | DIRECTORY_EVENTS | IN_MASK_ADD);
	}
	for (size_t i = 0; i < watch->count; i++) {
		drop(watch, watch->files[i].old_directory);
		drop(watch, watch->files[i].old_file);
	}
}

static bool concerns(const struct watched *file, const struct inotify_event *event)
{
	if (event->wd == file->file)
		return true;
	if (event->wd != file->directory)
		return false;
	return event->mask & ENDS ||
	       (event->len && strlen(event->name) == file->name_length &&
		       memcmp(event->name, file->name, file->name_length) == 0);
}

bool watch_read(struct watch *watch)
{
	_Alignas(struct inotify_event) char events[4096];
	bool concerned = false;
	ssize_t length;

	while ((length = read(watch->fd, events, sizeof(events))) > 0) {
		const struct inotify_event *event;

		for (const char *at = events; at < events + length;
			at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(const void *)at;
			concerned |= (event->mask & IN_Q_OVERFLOW) != 0;
			for (size_t i = 0; i < watch->count && !concerned; i++)
				concerned = concerns(&watch->files[i], event);
		}
	}
	return concerned;
}
