/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of names/follow.c. Its waiting time passes when the test says so, but in one test it
 * really passes. The kernel reports a change before the call that made it returns.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "clock.h"
#include "names/follow.h"
#include "no_debug.h"

#define PATIENCE_MS 60000 /* only a test that fails waits for so long */
#define WAIT_MS	    100	  /* follow.c's, until a writer has finished */
#define PAUSE_MS    500	  /* follow.c's, between two readings */

static const uint8_t one[6] = {2, 0, 0, 0, 0, 1};
static char directory[32], leases[96], deep[96];
static struct config config;
static struct follow *follow;
static struct loop loop;
static bool without_inotify, changed;
static unsigned logged;

/* Replaces that of the C library. */
int inotify_init1(int flags)
{
	if (!without_inotify)
		return (int)syscall(SYS_inotify_init1, flags);
	errno = EMFILE;
	return -1;
}

void log_warn(const char *format, ...)
{
	(void)format;
	logged++;
}

bool log_due(struct log_limit *limit)
{
	(void)limit;
	return true;
}

static inline int follow_enter(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/mz-follow-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(leases, sizeof(leases), "%s/leases", directory);
	snprintf(deep, sizeof(deep), "%s/a/b/leases", directory);
	config = (struct config){.dhcp_config = "/nonexistent/config/dhcp",
		.leases = {.path = {leases, deep}, .count = 2}};
	without_inotify = false;
	logged = 0;
	clock_stop();
	return loop_open(&loop, UINT_MAX);
}

static void note_change(void *context)
{
	(void)context;
	changed = true;
}

static inline void begin(void)
{
	follow = follow_start(&config, &loop, note_change, NULL);
	assert_non_null(follow);
	follow_read(follow);
}

static inline int follow_leave(void **state)
{
	char command[128];

	(void)state;
	follow_stop(follow);
	follow = NULL;
	loop_close(&loop);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command); /* NOLINT(cert-env33-c): a path of our own */
}

static inline void write_lease(const char *path, const char *name)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "1 2:0:0:0:0:1 192.168.2.1 %s *\n", name);
	assert_int_equal(fclose(file), 0);
}

static inline void replace_lease(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s.new", leases);
	write_lease(path, name);
	assert_int_equal(rename(path, leases), 0);
}

static inline bool is_event(void)
{
	struct pollfd fd = {.fd = loop_fd(&loop), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

/* Lets follow.c take the kernel's events. It reads no file yet. */
static inline void take_note(void)
{
	changed = false;
	while (is_event())
		assert_int_equal(loop_round(&loop, 0), 0);
	assert_false(changed);
}

/* Lets the waiting time pass. Returns whether a name changed. */
static inline bool read_later(void)
{
	int due_in_ms;

	take_note();
	due_in_ms = loop_timeout(&loop);
	assert_true(due_in_ms >= WAIT_MS && due_in_ms <= PAUSE_MS);
	clock_advance((uint64_t)due_in_ms);
	assert_int_equal(loop_round(&loop, 0), 0);
	return changed;
}

static inline void expect_nothing_due(void)
{
	take_note();
	assert_int_equal(loop_timeout(&loop), -1);
}

static inline const char *name(void)
{
	enum names_source source;

	return names_find_mac(follow_names(follow), one, &source);
}

static inline void expect(const char *expected)
{
	assert_true(read_later());
	assert_non_null(name());
	assert_string_equal(name(), expected);
}

#endif
