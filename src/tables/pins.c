// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/pins.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/trust.h"
#include "tables.h"

#define MOUNT_POINT "/sys/fs/bpf" /* the kernel makes this directory for bpffs */
#define MOUNT_MARK  "mounted"	  /* a directory in pin: this program mounted bpffs */

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

static int set_paths(struct pins *pins, const char *pin, unsigned max_hosts)
{
	size_t length = strlen(pin);

	memset(pins, 0, sizeof(*pins));
	pins->lock = -1;
	while (length > 1 && pin[length - 1] == '/')
		length--;
	if (length >= sizeof(pins->pin))
		return -ENAMETOOLONG;
	memcpy(pins->pin, pin, length);
	return snprintf(pins->layout, sizeof(pins->layout), "%s/" MZ_LAYOUT "_%u", pins->pin,
		       max_hosts) < (int)sizeof(pins->layout)
		       ? 0
		       : -ENAMETOOLONG;
}

/* Makes sure that the directory above pin is in a bpffs; mounted: set where it was mounted. */
static int mount_above(const struct pins *pins, bool *mounted)
{
	char above[PATH_MAX];
	char *slash;

	memcpy(above, pins->pin, sizeof(above));
	slash = strrchr(above, '/');
	*slash = '\0';
	if (is_bpffs(above))
		return 0;
	if (strcmp(above, MOUNT_POINT) != 0)
		return -EMEDIUMTYPE;
	if (mount("bpf", MOUNT_POINT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return -errno;
	*mounted = true;
	return 0;
}

/* Refuses a directory outside of a bpffs, or that another user made or may change. */
static int check_owner(int dir)
{
	struct stat status;
	struct statfs fs;

	if (fstat(dir, &status) < 0 || fstatfs(dir, &fs) < 0)
		return -errno;
	if ((unsigned long)fs.f_type != BPF_FS_MAGIC)
		return -EMEDIUMTYPE;
	if (!trust_user(status.st_uid) || status.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	return 0;
}

static int take_lock(struct pins *pins)
{
	int error;

	pins->lock = open(pins->pin, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pins->lock < 0)
		return -errno;
	error = check_owner(pins->lock);
	if (error)
		return error;
	if (flock(pins->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

int pins_open(struct pins *pins, const char *pin, unsigned max_hosts)
{
	char mark[PATH_MAX + sizeof(MOUNT_MARK) + 1];
	bool mounted = false;
	int error = set_paths(pins, pin, max_hosts);

	if (!error && !trust_path(pins->pin, false))
		error = -EPERM;
	if (!error && !is_bpffs(pins->pin))
		error = mount_above(pins, &mounted);
	if (error)
		return error;
	if (mkdir(pins->pin, 0700) == 0)
		pins->created = true;
	else if (errno != EEXIST)
		error = -errno;
	if (!error)
		error = take_lock(pins);
	snprintf(mark, sizeof(mark), "%s/" MOUNT_MARK, pins->pin);
	if (!error && mounted && mkdir(mark, 0700) < 0)
		error = -errno;
	if (!error && mkdir(pins->layout, 0700) < 0 && errno != EEXIST)
		error = -errno;
	if (error) {
		pins_close(pins);
		if (mounted)
			umount(MOUNT_POINT);
	}
	return error;
}

int pins_open_existing(struct pins *pins, const char *pin)
{
	int error = set_paths(pins, pin, 0);

	if (!error && !trust_path(pins->pin, false))
		error = -EPERM;
	if (!error && access(pins->pin, F_OK) < 0)
		error = -errno;
	if (!error && !is_bpffs(pins->pin))
		error = -EMEDIUMTYPE;
	if (!error)
		error = take_lock(pins);
	if (error)
		pins_close(pins);
	return error;
}

void pins_log_failure(const char *pin, int error)
{
	if (error == -EMEDIUMTYPE)
		log_error("--pin %s: expected a directory in a bpf file system", pin);
	else if (error == -EPERM || error == -ENOTDIR)
		log_error("--pin %s: expected a directory that no other user made or may change",
			pin);
	else
		log_error("--pin %s: no bpf file system here: %s", pin, strerror(-error));
}

void pins_close(struct pins *pins)
{
	if (pins->lock >= 0)
		close(pins->lock);
	pins->lock = -1;
}

/* Whether a digit follows the prefix in a name: pins of other programs may start with it, too. */
static bool is_numbered(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 && isdigit((unsigned char)name[length]);
}

/* Whether it is the directory of a layout: v4_4096, or v2, before the name had --max-hosts. */
static bool is_layout(int dir, const char *name)
{
	struct stat status;

	return is_numbered(name, "v") && strspn(name + 1, "0123456789_") == strlen(name + 1) &&
	       fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/* Removes entries whose names are prefix and a number; with prefix NULL, all. */
static int remove_entries(const char *path, const char *prefix)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int error = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) != NULL)
		if ((!prefix || is_numbered(entry->d_name, prefix)) &&
			strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			unlinkat(dirfd(dir), entry->d_name, 0) < 0 &&
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) < 0)
			error = -errno;
	closedir(dir);
	return error;
}

int pins_other(const struct pins *pins, unsigned n, char dir[PATH_MAX])
{
	const char *own = strrchr(pins->layout, '/') + 1;
	DIR *pin = opendir(pins->pin);
	struct dirent *entry;
	int found = 0;

	if (!pin)
		return -errno;
	while (!found && (entry = readdir(pin)) != NULL)
		if (is_layout(dirfd(pin), entry->d_name) && strcmp(entry->d_name, own) != 0 &&
			n-- == 0)
			found = snprintf(dir, PATH_MAX, "%s/%s", pins->pin, entry->d_name) <
						PATH_MAX
					? 1
					: -ENAMETOOLONG;
	closedir(pin);
	return found;
}

void pins_move_up(const struct pins *pins, const char *dir, const char *prefix)
{
	struct dirent *entry;
	DIR *from = opendir(dir);

	while (from && (entry = readdir(from)) != NULL)
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
			renameat(dirfd(from), entry->d_name, pins->lock, entry->d_name) == 0)
			rewinddir(from);
	if (from)
		closedir(from);
}

/* Changes the owner of a directory and of its entries: all, or only those of hooks. */
static int chown_entries(const char *path, bool all, uid_t uid, gid_t gid)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int error;

	if (!dir)
		return -errno;
	error = fchown(dirfd(dir), uid, gid) < 0 ? -errno : 0;
	while (!error && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		bool ours = is_numbered(name, "link_") || is_numbered(name, "qdisc_");

		if ((ours || (all && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)) &&
			fchownat(dirfd(dir), name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			error = -errno;
	}
	closedir(dir);
	return error;
}

int pins_chown(const struct pins *pins, uid_t uid, gid_t gid)
{
	int error = chown_entries(pins->pin, false, uid, gid);
	char other[PATH_MAX];
	int more = 0;

	if (!error)
		error = chown_entries(pins->layout, true, uid, gid);
	for (unsigned i = 0; !error && (more = pins_other(pins, i, other)) > 0; i++)
		error = chown_entries(other, true, uid, gid);
	return error ? error : more;
}

int pins_empty(const char *dir)
{
	char archive[PATH_MAX];

	if (snprintf(archive, sizeof(archive), "%s/" MZ_PAST, dir) >= (int)sizeof(archive))
		return -ENAMETOOLONG;
	if (unlink(archive) < 0 && errno != ENOENT)
		return -errno;
	return remove_entries(dir, NULL);
}

int pins_remove_other(const char *dir)
{
	int error = pins_empty(dir);

	return error ? error : rmdir(dir) < 0 ? -errno : 0;
}

void pins_remove(struct pins *pins)
{
	char mark[PATH_MAX + sizeof(MOUNT_MARK) + 1], other[PATH_MAX];
	bool mounted;

	snprintf(mark, sizeof(mark), "%s/" MOUNT_MARK, pins->pin);
	mounted = access(mark, F_OK) == 0;
	remove_entries(pins->layout, NULL);
	rmdir(pins->layout);
	while (pins_other(pins, 0, other) > 0)
		if (pins_remove_other(other) < 0)
			break;
	remove_entries(pins->pin, "link_"); /* other programs may have pins there, too */
	remove_entries(pins->pin, "qdisc_");
	rmdir(mark);
	rmdir(pins->pin);
	pins_close(pins); /* an open directory would keep the mount busy */
	if (mounted) {
		/* other programs may have pinned something there since */
		DIR *dir = opendir(MOUNT_POINT);
		struct dirent *entry;
		unsigned entries = 0;

		while (dir && (entry = readdir(dir)) != NULL)
			entries += !strchr(entry->d_name, '.'); /* the kernel's own have a dot */
		if (dir)
			closedir(dir);
		if (entries == 0)
			umount(MOUNT_POINT);
	}
}
