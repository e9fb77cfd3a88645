/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's child processes, each of them this program executed anew. Starts and watches them,
 * and starts another one where one ended: after growing waits, or at once where it ended with
 * status 0, as a child does that wants to be executed anew. base/parent.h is the child's side.
 */
#ifndef MZ_DAEMON_CHILD_H
#define MZ_DAEMON_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "daemon/privileges.h"

#define CHILD_PASSED_MAX 48 /* descriptors */

/* All that run, or are to run again. */
struct children {
	struct loop *loop;
	struct child *first;
};

/*
 * The caller sets what is above the line, keeps what it points to, and zeroes the rest. A kind of
 * child is one function that does so: exporter_child_start().
 */
struct child {
	const char *name;  /* for the log, behind "the " */
	char **argv;	   /* the daemon's command line, but argv[0] is set to */
	char *argv0;	   /* by which main() knows what to run */
	const int *passed; /* descriptors, which become PARENT_PASSED and those that follow */
	size_t passed_count;
	/* In the child: gives up the daemon's user, for good. Returns 0 or -errno. */
	int (*become_user)(const struct privileges *privileges);
	const struct privileges *privileges;
	/* What it sends over its channel; each byte of it is a sign of life, too. */
	void (*receive)(void *context, const char *bytes, size_t length);
	void *context;
	/* NULL: a child that gives no sign of life is killed. Else it is left alone, and this is
	 * what it may be waiting for: text for the log. */
	const char *may_wait_for;
	/* ------------------------------------------------------------------------------ */
	uint64_t restarts; /* so far, without those that the child wanted */
	struct child *next;
	struct loop *loop;
	pid_t pid;		    /* 0: it does not run */
	struct loop_source channel; /* its fd is -1 where it ended, also before that was reaped */
	int life; /* the daemon's end of a pipe: once it is closed, the kernel kills the child */
	struct loop_timer timer; /* for the next sign of life, or the next start */
	uint64_t started_ms;	 /* monotonic, as the next one */
	uint64_t patience_ms;	 /* when child_stop() kills it, after child_end() */
	bool wanted;		 /* the next start is no restart: the child asked for it */
	unsigned wait_ms;	 /* before the next start */
	unsigned silent;	 /* how often it was asked for a sign of life since it gave one */
};

/* Starts it, and keeps it running until child_stop(). Logs a line on failure. 0 or -errno. */
int child_start(struct children *children, struct child *child);

/* Sends one byte over its channel; where the channel is full, none. */
void child_send(const struct child *child, char byte);

/* To be called at SIGCHLD. Logs why a child ended, and plans its next start. */
void children_reap(struct children *children);

/*
 * Tells it by a byte that it is to end, and starts no other. Does not wait: child_stop() does,
 * until so much time has passed since then, before it kills the child.
 */
void child_end(struct child *child, char byte, unsigned patience_ms);

/*
 * Ends it, and waits a second at the most, or longer after child_end(). Does nothing where it was
 * not started.
 */
void child_stop(struct children *children, struct child *child);

#endif
