// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/state_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/trust.h"

#define PATIENCE_MS 2000

#ifndef SYS_close_range
#define SYS_close_range 436 /* all architectures, since Linux 5.9 */
#endif

struct directory {
	char path[PATH_MAX];
	mode_t mode;
	const char *files; /* what the names of its files begin with */
	bool ours;	   /* whatever else is in it */
};

static bool is_named(const struct dirent *entry, const char *files)
{
	return strncmp(entry->d_name, files, strlen(files)) == 0;
}

static bool has_only(DIR *dir, const char *files)
{
	struct dirent *entry;
	bool only = true;

	rewinddir(dir);
	while (only && (entry = readdir(dir)) != NULL)
		only = is_named(entry, files) || strcmp(entry->d_name, ".") == 0 ||
		       strcmp(entry->d_name, "..") == 0;
	return only;
}

/* A daemon that had no user of its own made them. Links may lead to what is not ours. */
static int give_files(DIR *dir, const char *files, const struct privileges *users)
{
	struct dirent *entry;
	struct stat status;

	rewinddir(dir);
	while ((entry = readdir(dir)) != NULL)
		if (is_named(entry, files) &&
			fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(status.st_mode) && status.st_uid == 0 && status.st_nlink == 1 &&
			fchownat(dirfd(dir), entry->d_name, users->keeper_uid, users->keeper_gid,
				AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	return 0;
}

/* Where only root can have put anything into it. Returns 0 or -errno. */
static int give(DIR *dir, const struct directory *directory, const struct privileges *users)
{
	struct stat status;
	int error;

	if (fstat(dirfd(dir), &status) < 0)
		return -errno;
	if (geteuid() != 0 || users->keeper_uid == 0 || status.st_uid != 0 ||
		status.st_mode & (S_IWGRP | S_IWOTH) ||
		!(directory->ours || has_only(dir, directory->files)))
		return 0;
	error = give_files(dir, directory->files, users);
	if (!error && fchown(dirfd(dir), users->keeper_uid, users->keeper_gid) < 0)
		error = -errno;
	return error;
}

/* Returns 0 or -errno. */
static int make(const struct directory *directory, const struct privileges *users)
{
	bool made = mkdir(directory->path, directory->mode) == 0;
	struct stat status;
	DIR *dir = NULL;
	int error, fd;

	if (!made && errno != EEXIST)
		return -errno;
	fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) /* a link to a directory is followed, but that one is not given away */
		return stat(directory->path, &status) == 0 && S_ISDIR(status.st_mode) ? 0
										      : -ENOTDIR;
	error = made && fchmod(fd, directory->mode) < 0 ? -errno : 0; /* whatever the umask */
	if (!error && !(dir = fdopendir(fd)))
		error = -errno;
	if (!error)
		error = give(dir, directory, users);
	if (dir)
		closedir(dir);
	else
		close(fd);
	return error;
}

/* Returns 0 or -errno; -EPERM: something of another user's is in the way. */
static int make_trusted(
	struct directory *directory, const char *path, const struct privileges *users)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/') /* open() would follow a link */
		length--;
	memcpy(directory->path, path, length);
	directory->path[length] = '\0';
	return trust_path(directory->path, false) ? make(directory, users) : -EPERM;
}

/* What the process that makes the directories has to say. */
struct outcome {
	int recent, state; /* 0 or -errno */
};

/* Keeps no descriptor but one open, as nobody can tell for how long this process hangs. */
static void make_both(const struct config *config, const struct privileges *users, int say)
{
	struct directory recent = {"", 0700, "recent.db", true},
			 state = {"", 0750, "history.db", strcmp(config->state, CONFIG_STATE) == 0};
	struct outcome outcome;

	if (dup2(say, 0) < 0 || syscall(SYS_close_range, 1, ~0U, 0) < 0)
		_exit(1);
	outcome.recent = make_trusted(&recent, config->recent, users);
	outcome.state = make_trusted(&state, config->state, users);
	_exit(write(0, &outcome, sizeof(outcome)) < 0);
}

/* As the child of one that ends at once, so that it is init that reaps it. */
static pid_t start_making(const struct config *config, const struct privileges *users, int say)
{
	pid_t pid = fork();

	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			make_both(config, users, say);
		_exit(pid < 0);
	}
	return pid < 0 ? pid : waitpid(pid, NULL, 0);
}

static void warn(const char *option, const char *path, int error)
{
	if (error)
		log_warn("%s%s: cannot make this directory: %s", option, path,
			error == -EPERM	      ? "something of another user's is in the way"
			: error == -ETIMEDOUT ? "the file system does not answer"
					      : strerror(-error));
}

void state_directory_make(const struct config *config, const struct privileges *users)
{
	struct outcome outcome = {0, -EIO};
	struct pollfd said = {.events = POLLIN};
	int ends[2], error = 0;

	if (!config->state)
		return;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		warn("--state ", config->state, -errno);
		return;
	}
	if (start_making(config, users, ends[1]) < 0)
		error = -errno;
	close(ends[1]);
	said.fd = ends[0];
	if (!error && poll(&said, 1, PATIENCE_MS) == 0)
		error = -ETIMEDOUT;
	if (!error && read(ends[0], &outcome, sizeof(outcome)) < 0)
		error = -errno;
	close(ends[0]);
	warn("", config->recent, error ? 0 : outcome.recent);
	warn("--state ", config->state, error ? error : outcome.state);
}
