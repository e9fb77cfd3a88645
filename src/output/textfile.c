// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
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

static int open_new(const struct textfile *file)
{
	return openat(file->directory, file->temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
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

static void write_piece(void *context, const char *text, size_t length)
{
	struct textfile *file = context;

	while (length && !file->error) {
		ssize_t written = write(file->fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			file->error = -errno;
			return;
		}
		text += written;
		length -= (size_t)written;
	}
}

static void name_temporary(struct textfile *file)
{
	snprintf(file->temporary, sizeof(file->temporary), ".%.*s" TEMPORARY_SUFFIX, TEMPORARY_NAME,
		file->name);
}

/* Opens a temporary file with a random name, which no other user can have taken. */
static int open_elsewhere(struct textfile *file)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return -1;
	snprintf(file->temporary, sizeof(file->temporary), ".%.*s.%016" PRIx64 TEMPORARY_SUFFIX,
		TEMPORARY_NAME - 17, file->name, random);
	return open_new(file);
}

int textfile_begin(struct textfile *file, const char *path)
{
	file->directory = open_directory(path, &file->name);
	if (file->directory < 0)
		return file->directory;
	name_temporary(file);
	file->fd = open_new(file);
	/*
	 * A file of that name is from a killed daemon, or another user's trap: O_EXCL opens
	 * neither. In a sticky directory like /tmp another user's file cannot be removed.
	 */
	if (file->fd < 0 && errno == EEXIST) {
		int left = unlinkat(file->directory, file->temporary, 0);

		file->fd = left ? open_elsewhere(file) : open_new(file);
	}
	if (file->fd < 0) {
		int error = -errno;

		close(file->directory);
		return error;
	}
	file->error = fchmod(file->fd, 0644) < 0 ? -errno : 0;
	buf_reset(&file->page);
	file->page.sink = write_piece;
	file->page.context = file;
	return 0;
}

int textfile_end(struct textfile *file)
{
	int error;

	buf_flush(&file->page, 0);
	error = file->page.failed ? -ENOMEM : file->error;
	/*
	 * No fsync(): after a power cut the next pull writes the file anew, while syncing at
	 * every pull would wear out flash, stall the loop, and mean nothing on a RAM disk.
	 */
	if (close(file->fd) && !error)
		error = -errno;
	if (!error && renameat(file->directory, file->temporary, file->directory, file->name))
		error = -errno;
	if (error)
		unlinkat(file->directory, file->temporary, 0);
	close(file->directory);
	return error;
}

int textfile_give(const char *path, uid_t uid, gid_t gid)
{
	struct textfile file = {.directory = open_directory(path, &file.name)};
	struct stat status;
	int result;

	if (file.directory < 0)
		return file.directory;
	name_temporary(&file);
	unlinkat(file.directory, file.temporary, 0);
	file.fd = openat(file.directory, file.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	result = file.fd < 0 ? -1 : fstat(file.fd, &status);
	if (!result && !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
		result = -EEXIST;
	else if (!result && (S_ISLNK(status.st_mode) || status.st_nlink != 1))
		result = unlinkat(file.directory, file.name, 0);
	else if (!result)
		result = fchownat(file.fd, "", uid, gid, AT_EMPTY_PATH);
	if (result == -1)
		result = -errno;
	if (file.fd >= 0)
		close(file.fd);
	close(file.directory);
	return result;
}
