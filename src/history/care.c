// SPDX-License-Identifier: GPL-2.0-or-later
/* A copy of the database. */
#include "history/care.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* Who runs this may be root, and the recorder another user: that one makes the file. */
int care_open(struct store *store, const char *dir)
{
	char path[PATH_MAX];
	struct stat status;

	if ((size_t)snprintf(path, sizeof(path), "%s/" STORE_FILE, dir) >= sizeof(path))
		return -ENAMETOOLONG;
	if (lstat(path, &status) < 0)
		return -errno;
	return store_open(store, dir, 0, false);
}

/* Some file systems cannot refuse by themselves what is there already. */
static int rename_to_nothing(const char *from, const char *to)
{
	struct stat status;

	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (lstat(to, &status) == 0)
		return -EEXIST;
	return rename(from, to) < 0 ? -errno : 0;
}

/* Has the file at path written to the disk. */
static int settle(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = fd < 0 ? -errno : 0;

	if (!error && fsync(fd) < 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* to: an empty file. */
static int copy(const char *dir, const char *to)
{
	struct sqlite_statement vacuum = {.sql = "VACUUM INTO ?"};
	struct store store;
	int error = store_open_to_read(&store, dir);

	if (error)
		return error;
	error = sqlite_run(&store.db, "PRAGMA query_only=0"); /* it would forbid copies, too */
	if (!error)
		error = sqlite_do(&store.db, &vacuum, "t", to);
	sqlite_finalize(&vacuum);
	store_close(&store);
	return error;
}

int care_backup(const char *dir, const char *path, bool *of_path)
{
	char temporary[PATH_MAX];
	struct stat status;
	int fd, error;

	*of_path = true;
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.mezoura-tmp", path) >=
		sizeof(temporary))
		return -ENAMETOOLONG;
	if (lstat(path, &status) == 0)
		return -EEXIST;
	unlink(temporary); /* of one that was killed */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	error = copy(dir, temporary);
	*of_path = error == 0 || error == -ENOSPC;
	if (!error)
		error = settle(temporary);
	if (!error)
		error = rename_to_nothing(temporary, path);
	if (error)
		unlink(temporary);
	return error;
}
