// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/directory.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/trust.h"

#define LOOKED_AT 1024 /* names at most: any user can fill a directory like /tmp */

static bool is_passed_over(const char *name)
{
	size_t length = strlen(name);

	return name[0] == '.' || name[length - 1] == '~' ||
	       (name[0] == '#' && name[length - 1] == '#');
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t directory_files(const char *path, char **paths, size_t room, size_t *untrusted, size_t *left)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	size_t count = 0, looked_at = 0;
	struct stat status;
	char *file;

	*untrusted = *left = 0;
	if (!directory)
		return 0;
	while (looked_at++ < LOOKED_AT && (entry = readdir(directory))) {
		if (is_passed_over(entry->d_name) ||
			asprintf(&file, "%s/%s", path, entry->d_name) < 0)
			continue;
		if (stat(file, &status) == 0 && S_ISREG(status.st_mode)) {
			if (!trust_path(file, true)) {
				++*untrusted;
			} else if (count < room) {
				paths[count++] = file;
				continue;
			} else {
				++*left;
			}
		}
		free(file);
	}
	closedir(directory);
	if (count)
		qsort(paths, count, sizeof(*paths), compare);
	return count;
}
