/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a test's own that say which zone it is. */
#ifndef ZONES_H
#define ZONES_H

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/zone.h"

static char zones_dir[] = "/tmp/mezoura-zone-XXXXXX";
static char path[ZONE_PATHS][64];

static inline int zones_begin(void **state)
{
	static const char *const name[ZONE_PATHS] = {"TZ", "localtime", "timezone"};

	(void)state;
	if (unsetenv("TZ") || unsetenv("TZDIR") || !mkdtemp(zones_dir))
		return -1;
	for (int i = 0; i < ZONE_PATHS; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%s", zones_dir, name[i]);
		zone_paths[i] = path[i];
	}
	return 0;
}

static inline int zones_end(void **state)
{
	(void)state;
	for (int i = 0; i < ZONE_PATHS; i++)
		unlink(path[i]);
	return rmdir(zones_dir);
}

static inline void write_file(const char *where, const void *data, size_t size)
{
	int fd = open(where, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static inline void write_text(const char *where, const char *text)
{
	write_file(where, text, strlen(text));
}

static inline void load(struct zone *zone, int64_t from, int64_t now)
{
	assert_int_equal(zone_load(zone, from, now), 0);
}

static inline void load_value(struct zone *zone, const char *value, int64_t from, int64_t now)
{
	write_text(path[ZONE_TZ], value);
	load(zone, from, now);
	unlink(path[ZONE_TZ]);
}

#endif
