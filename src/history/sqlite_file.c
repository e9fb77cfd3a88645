// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trust.h"

/* Whether the file is one to open, where it exists: *exists. */
static int examine(const char *path, bool *exists)
{
	struct stat status;

	*exists = lstat(path, &status) == 0;
	if (!*exists)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(status.st_mode))
		return -ELOOP;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return trust_user(status.st_uid) ? 0 : -EPERM;
}

/*
 * The path with its directory resolved: the library takes a symbolic link anywhere in a path for
 * one that it is not to follow, and OpenWrt's /var is one.
 */
static int resolve(const char *path, char real[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	char directory[PATH_MAX], found[PATH_MAX];
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (length >= sizeof(directory))
		return -ENAMETOOLONG;
	memcpy(directory, path, length);
	directory[length] = '\0';
	if (!realpath(length ? directory : slash ? "/" : ".", found))
		return -errno;
	if ((size_t)snprintf(real, PATH_MAX, "%s/%s", strcmp(found, "/") ? found : "", file) >=
		PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

/* Makes an empty file, which only its group may read, and gives it to the owner of the directory.
 */
static int make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	char directory[PATH_MAX];
	struct stat status;
	int error = 0;

	if (fd < 0)
		return -errno;
	snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (geteuid() == 0 && stat(directory, &status) == 0 &&
		fchown(fd, status.st_uid, status.st_gid) < 0)
		error = -errno;
	close(fd);
	return error;
}

int sqlite_file_prepare(const char *path, bool read_only, char real[static PATH_MAX])
{
	char journal[PATH_MAX];
	bool exists = false;
	int error;

	error = resolve(path, real);
	if (!error &&
		(size_t)snprintf(journal, sizeof(journal), "%s-journal", real) >= sizeof(journal))
		error = -ENAMETOOLONG;
	if (!error)
		error = examine(journal, &exists);
	if (!error)
		error = examine(real, &exists);
	if (error || exists)
		return error;
	return read_only ? -ENOENT : make(real);
}
