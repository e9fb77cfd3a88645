/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of what follows files. The time that it waits passes when a test says so, but for one
 * test, in which it really passes. The kernel tells of a change before the call that made it
 * returns.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "names/follow.h"

#define PATIENCE_MS 60000 /* so much only where it fails */
#define WAIT_MS	    100	  /* for who writes in place to finish */
#define PAUSE_MS    500	  /* between two readings */

static const uint8_t one[6] = {2, 0, 0, 0, 0, 1};
static char directory[32], leases[96], deep[96];
static struct config config;
static struct follow *follow;
static bool without_inotify, in_real_time;
static unsigned logged;
static int timer;	   /* an event in its place; without one, a real timer */
static uint64_t due_in_ms; /* what it was set to; 0: it does not run */

/* In place of the real ones. */
int inotify_init1(int flags)
{
	if (!without_inotify)
		return (int)syscall(SYS_inotify_init1, flags);
	errno = EMFILE;
	return -1;
}

int timerfd_create(clockid_t clock, int flags)
{
	if (in_real_time)
		return (int)syscall(SYS_timerfd_create, clock, flags);
	return timer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	/* as the kernel has it, whatever the C library's own types are */
	int64_t spec[4] = {0, 0, new->it_value.tv_sec, new->it_value.tv_nsec};

	assert_null(old);
	due_in_ms = (uint64_t)(spec[2] * 1000 + spec[3] / 1000000);
	if (!in_real_time)
		return 0;
#ifdef SYS_timerfd_settime64
	return (int)syscall(SYS_timerfd_settime64, fd, flags, spec, NULL);
#else
	return (int)syscall(SYS_timerfd_settime, fd, flags, spec, NULL);
#endif
}

void log_warn(const char *format, ...)
{
	(void)format;
	logged++;
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
	without_inotify = in_real_time = false;
	logged = 0;
	due_in_ms = 0;
	return 0;
}

static inline void begin(void)
{
	follow = follow_start(&config);
	assert_non_null(follow);
	follow_read(follow);
}

static inline int follow_leave(void **state)
{
	char command[128];

	(void)state;
	follow_stop(follow);
	follow = NULL;
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

/* Has it take note of what the kernel tells: nothing is read yet. */
static inline void take_note(void)
{
	struct pollfd fd = {.fd = follow_fd(follow), .events = POLLIN};

	while (poll(&fd, 1, 0) == 1)
		assert_false(follow_run(follow));
}

/* Whether a name changed, once the time has passed that it waits after a change. */
static inline bool read_later(void)
{
	static const uint64_t one_more = 1;
	bool changed;

	take_note();
	assert_true(due_in_ms >= WAIT_MS && due_in_ms <= PAUSE_MS);
	due_in_ms = 0;
	assert_int_equal(write(timer, &one_more, sizeof(one_more)), sizeof(one_more));
	changed = follow_run(follow);
	take_note();
	return changed;
}

static inline void expect_nothing_due(void)
{
	take_note();
	assert_int_equal(due_in_ms, 0);
}

static inline const char *name(void)
{
	enum names_source source;

	return names_find(follow_names(follow), one, &source);
}

static inline void expect(const char *expected)
{
	assert_true(read_later());
	assert_non_null(name());
	assert_string_equal(name(), expected);
}

#endif
