// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/trust.h"

#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool trust_user(uid_t uid)
{
	static uid_t known;
	static bool looked, is_known;
	const struct passwd *keeper;

	if (uid == 0 || uid == geteuid())
		return true;
	if (!looked) {
		keeper = getpwnam("mezoura");
		is_known = keeper != NULL;
		known = keeper ? keeper->pw_uid : 0;
		looked = true;
	}
	return is_known && uid == known;
}

static bool is_open_to_all(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_mode & S_IWOTH;
}

bool trust_path(const char *path, bool services)
{
	bool open = *path != '/' && is_open_to_all("."); /* whether the directory of the part is */
	size_t length = strlen(path);
	char part[PATH_MAX];
	struct stat status;

	if (length >= sizeof(part))
		return true;
	for (size_t i = 1; i <= length; i++) {
		if (i < length && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		/* lstat(), as a link's owner decides where it leads */
		if (lstat(part, &status) < 0)
			return true;
		if (open && !(services && status.st_uid < TRUST_UIDS) && !trust_user(status.st_uid))
			return false;
		open = is_open_to_all(part);
	}
	return true;
}
