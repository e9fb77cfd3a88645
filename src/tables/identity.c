// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/identity.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "tables/maps.h"

#define NAME 40

static void name_of(const struct identity *identity, char name[NAME])
{
	snprintf(name, NAME, "id_%016" PRIx64 "_%" PRIu64, identity->number, identity->since_s);
}

/* Whether name is as name_of() makes it. */
static bool parse(const char *name, struct identity *identity)
{
	char again[NAME];

	if (sscanf(name, "id_%16" SCNx64 "_%" SCNu64, &identity->number, &identity->since_s) != 2)
		return false;
	name_of(identity, again);
	return identity->number && strcmp(name, again) == 0;
}

static int path_of(const char *dir, const struct identity *identity, char path[PATH_MAX])
{
	char name[NAME];

	name_of(identity, name);
	return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Returns 1; 0 where there is none; or -errno. */
static int find(const char *layout, struct identity *identity)
{
	DIR *dir = opendir(layout);
	struct dirent *entry;
	int found = 0;

	if (!dir)
		return -errno;
	while (!found && (entry = readdir(dir)) != NULL)
		found = parse(entry->d_name, identity);
	closedir(dir);
	return found;
}

static int draw(const char *layout, uint64_t since_s, struct identity *identity)
{
	char path[PATH_MAX];
	struct hash_seed seed;
	int error;

	do
		hash_seed_draw(&seed);
	while (!seed.word[0]);
	*identity = (struct identity){seed.word[0], since_s};
	error = path_of(layout, identity, path);
	return error ? error : mkdir(path, 0700) < 0 ? -errno : 0;
}

static int forget(const char *layout)
{
	struct identity identity;
	char path[PATH_MAX];
	int found;

	while ((found = find(layout, &identity)) > 0) {
		int error = path_of(layout, &identity, path);

		if (error || rmdir(path) < 0)
			return error ? error : -errno;
	}
	return found;
}

/* Moves that of the first layout that has one. Returns as find(). */
static int take_from_other(const struct pins *pins, struct identity *identity)
{
	char dir[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
	int more, found = 0;

	for (unsigned i = 0; !found && (more = pins_other(pins, i, dir)) != 0; i++)
		found = more < 0 ? more : find(dir, identity);
	if (found <= 0)
		return found;
	if (path_of(dir, identity, from) < 0 || path_of(pins->layout, identity, to) < 0)
		return -ENAMETOOLONG;
	return rename(from, to) < 0 ? -errno : 1;
}

static bool has(const char *layout, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", layout, name) < PATH_MAX &&
	       access(path, F_OK) == 0;
}

int identity_prepare(const struct pins *pins)
{
	struct identity identity;
	char other[PATH_MAX];
	int error, more;

	for (size_t i = 0; has(pins->layout, maps_names[i]);)
		if (++i == MAPS_NAMES)
			return 0;
	error = forget(pins->layout); /* maps_open() makes all maps anew */
	more = error ? error : pins_other(pins, 0, other);
	if (more || has(pins->layout, MZ_PAST)) /* there are counts to take over */
		return more < 0 ? more : 0;
	return draw(pins->layout, clock_uptime_s(), &identity);
}

int identity_take(const struct pins *pins, struct identity *identity)
{
	int found = find(pins->layout, identity);

	if (!found)
		found = take_from_other(pins, identity);
	if (!found)
		return draw(pins->layout, 0, identity);
	return found < 0 ? found : 0;
}
