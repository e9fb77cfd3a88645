/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: waits for descriptors and timers, and calls the handler of each that has
 * something to do. One event is handled before the next one is asked for, so a handler may remove,
 * add and free sources and timers, its own included. One thread. Nothing is allocated.
 */
#ifndef MZ_BASE_LOOP_H
#define MZ_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/* A descriptor to wait for. The caller keeps it where it is until loop_remove() or loop_close(). */
struct loop_source {
	int fd;
	void (*handle)(void *context); /* fd is readable, or was closed by the other side */
	void *context;
	bool only_hangup; /* not when fd is readable: only when nothing more can come from it */
};

/* A timer. The caller keeps it where it is while it runs. Zeroed but for the first two: stopped. */
struct loop_timer {
	void (*handle)(void *context);
	void *context;
	uint64_t due_ms;   /* monotonic; 0: stopped */
	uint64_t every_ms; /* 0: once */
	struct loop_timer *next;
};

struct loop {
	int epoll; /* 0: closed, as that is the number of stdin */
	bool ended;
	struct loop_timer *timers; /* those that run */
	unsigned limit;		   /* rounds within a window that are not too many */
	unsigned rounds;	   /* since window_ms, which is monotonic */
	uint64_t window_ms;
	struct log_limit throttled;
};

/*
 * limit: a loop that makes more rounds within 100 ms pauses in each further one, and logs that once
 * a minute: no descriptor takes the whole CPU, whatever is wrong with it. Returns 0 or -errno.
 */
int loop_open(struct loop *loop, unsigned limit);

/* Leaves the descriptors of its sources open. loop: also zeroed, or one that failed to open. */
void loop_close(struct loop *loop);

/* Returns 0 or -errno. */
int loop_add(struct loop *loop, struct loop_source *source);

/* To be called before its descriptor is closed. Sets fd to -1. Does nothing where it is -1 or 0. */
void loop_remove(struct loop *loop, struct loop_source *source);

/* In ms milliseconds, and every every_ms after that unless it is 0. Restarts one that runs. */
void loop_start_timer(struct loop *loop, struct loop_timer *timer, uint64_t ms, uint64_t every_ms);

/* Does nothing to one that is stopped. */
void loop_stop_timer(struct loop *loop, struct loop_timer *timer);

/* Milliseconds until the next timer is due; -1: no timer runs. */
int loop_timeout(const struct loop *loop);

/*
 * Waits no longer than wait_ms (-1: for ever) for one event, and handles it; then handles the timer
 * that is due longest. Returns 0 or -errno.
 */
int loop_round(struct loop *loop, int wait_ms);

/* Makes rounds until a handler calls loop_end(). Returns 0 or -errno. */
int loop_run(struct loop *loop);
void loop_end(struct loop *loop);

/* Readable when a source of loop is: a loop can be a source of another one. Timers do not count. */
int loop_fd(const struct loop *loop);

#endif
