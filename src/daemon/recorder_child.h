/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder, as the daemon sees it: a child process that keeps the history. */
#ifndef MZ_DAEMON_RECORDER_CHILD_H
#define MZ_DAEMON_RECORDER_CHILD_H

#include "daemon/child.h"

/* The caller sets what is above the line, and keeps what is pointed to. */
struct recorder_child {
	char **argv;			     /* the daemon's command line */
	int shared;			     /* the memory of the snapshot */
	const struct privileges *privileges; /* as the daemon has dropped its own */
	/* ------------------------------------------------------------------------------ */
	int passed[2]; /* shared, and the recorder's end of the pair */
	int questions; /* the exporter's end: the pair outlives the processes on both of them */
	struct child child;
};

/*
 * Starts it, and makes the pair of sockets over which the exporter asks it. Logs a line on failure.
 * Returns 0 or -errno.
 */
int recorder_child_start(struct recorder_child *recorder, struct children *children);

/*
 * Tells it to write what it has, the last snapshot included, and to end. To be called before
 * recorder_child_stop(), which then leaves it a few seconds for that. recorder: zeroed is fine.
 */
void recorder_child_end(struct recorder_child *recorder);
void recorder_child_stop(struct recorder_child *recorder, struct children *children);

#endif
