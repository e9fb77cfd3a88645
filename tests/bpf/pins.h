/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pin directory of our own, with tables in it that are as they should be, or not. */
#ifndef PINS_H
#define PINS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tables/archive.h"
#include "tables/counters.h"
#include "tables/maps.h"
#include "tables/other_layout.h"
#include "tables/retire.h"

#define PINS	 "/tmp" /* a bpffs of the test's own mount namespace */
#define OWN	 PINS "/own"
#define OTHER	 PINS "/v7_8"
#define CAPACITY 8

static inline int isolate(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("bpf", PINS, "bpf", 0, NULL) < 0)
		*state = "no bpf file system of its own";
	else if (mkdir(OWN, 0700) < 0 || mkdir(OTHER, 0700) < 0)
		return -1;
	return 0;
}

static inline void need(void **state)
{
	if (*state) {
		print_message("skipped: %s\n", (const char *)*state);
		skip();
	}
}

static inline void path_of(const char *dir, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", dir, name);
}

static inline void unpin(const char *dir, const char *name)
{
	char path[PATH_MAX];

	path_of(dir, name, path);
	unlink(path);
}

static inline void clear(const char *dir)
{
	for (size_t i = 0; i < MAPS_NAMES; i++)
		unpin(dir, maps_names[i]);
	unpin(dir, MZ_PAST);
	unpin(dir, MZ_PAST "_new");
}

/* Tables as they should be, pinned in dir. */
static inline void make_tables(const char *dir)
{
	struct maps maps;

	clear(dir);
	assert_int_equal(maps_open(&maps, dir, CAPACITY, NULL), 0);
	maps_close(&maps);
}

struct spec {
	enum bpf_map_type type;
	uint32_t key, value, entries, flags;
};

static inline int get(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd;

	path_of(dir, name, path);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	return fd;
}

static inline struct spec spec_of(int fd)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	return (struct spec){
		info.type, info.key_size, info.value_size, info.max_entries, info.map_flags};
}

/* In place of what is pinned there. Returns whether the kernel makes such maps. */
static inline bool put(const char *dir, const char *name, const struct spec *spec)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = spec->flags);
	int fd =
		bpf_map_create(spec->type, "test", spec->key, spec->value, spec->entries, &options);
	char path[PATH_MAX];

	if (fd < 0)
		return false;
	path_of(dir, name, path);
	unlink(path);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	close(fd);
	return true;
}

static inline int open_other(void)
{
	struct other_layout other;
	struct archive archive = {.max_rows = CAPACITY};
	int error = other_layout_open(&other, OTHER);

	if (!error) {
		int count = other_layout_add_to(&other, &archive);

		error = count < 0 ? count : 0;
		archive_compact(&archive);
		other_layout_close(&other);
	}
	archive_close(&archive);
	return error;
}

#endif
