// SPDX-License-Identifier: GPL-2.0-or-later
#include "textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_SUFFIX ".mezoura-tmp" /* not .prom: collectors must not read it */
#define TEMPORARY_NAME	 (NAME_MAX - 1 - (int)sizeof(TEMPORARY_SUFFIX) + 1)

/*
 * Opens the directory of path, which is thereby looked up only once, and finds the name in it.
 * Returns a descriptor for the *at() calls, or -errno.
 */
static int open_directory(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX] = ".";
	size_t length = slash ? (size_t)(slash - path) + 1 : 0;
	int fd;

	*name = path + length;
	if (!*path)
		return -ENOENT;
	if (!**name || !strcmp(*name, ".") || !strcmp(*name, ".."))
		return -EISDIR;
	if (length >= sizeof(directory) || strlen(*name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (length) {
		memcpy(directory, path, length);
		directory[length] = '\0';
	}
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

static int open_new(int directory, const char *name)
{
	return openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

static int create_file(int directory, const char *name, const void *text, size_t length)
{
	int fd = open_new(directory, name), error;

	/* One that is there is what a killed daemon left, or a trap: O_EXCL steps into neither. */
	if (fd < 0 && errno == EEXIST && unlinkat(directory, name, 0) == 0)
		fd = open_new(directory, name);
	if (fd < 0)
		return -errno;
	error = fchmod(fd, 0644) ? -errno : write_all(fd, text, length);
	/*
	 * No fsync(): after a power cut the next pull writes the file anew, while syncing at
	 * every pull would wear out flash, stall the loop, and mean nothing on a RAM disk.
	 */
	if (close(fd) && !error)
		error = -errno;
	if (error)
		unlinkat(directory, name, 0);
	return error;
}

int textfile_check(const char *path)
{
	struct stat status;
	const char *name;
	int directory = open_directory(path, &name), error = 0;

	if (directory < 0)
		return directory;
	if (faccessat(directory, ".", W_OK | X_OK, AT_EACCESS))
		error = -errno;
	else if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW))
		error = errno == ENOENT ? 0 : -errno;
	else if (S_ISDIR(status.st_mode))
		error = -EISDIR;
	else if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
		error = -EEXIST; /* /dev/null, say: renaming over it would break the system */
	close(directory);
	return error;
}

int textfile_write(const char *path, const void *text, size_t length)
{
	char temporary[NAME_MAX + 1];
	const char *name;
	int directory = open_directory(path, &name), error;

	if (directory < 0)
		return directory;
	snprintf(temporary, sizeof(temporary), ".%.*s" TEMPORARY_SUFFIX, TEMPORARY_NAME, name);
	error = create_file(directory, temporary, text, length);
	if (!error && renameat(directory, temporary, directory, name)) {
		error = -errno;
		unlinkat(directory, temporary, 0);
	}
	close(directory);
	return error;
}

int textfile_give(const char *path, uid_t uid, gid_t gid)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), error = 0;
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_nlink != 1))
		error = -EEXIST;
	else if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		error = -errno;
	close(fd);
	return error;
}
