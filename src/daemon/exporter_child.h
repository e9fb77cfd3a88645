/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exporter, as the daemon sees it: a child process that asks for snapshots. */
#ifndef MZ_DAEMON_EXPORTER_CHILD_H
#define MZ_DAEMON_EXPORTER_CHILD_H

#include "config/config.h"
#include "daemon/child.h"

/* The caller sets all but the last two, and keeps what is pointed to. */
struct exporter_child {
	char **argv;	    /* the daemon's command line */
	int shared;	    /* the memory of the snapshot */
	int history;	    /* the socket to the recorder; -1: none */
	const int *sockets; /* to serve on */
	size_t sockets_count;
	const struct privileges *privileges; /* as the daemon has dropped its own */
	void (*refresh)(void *context);	     /* a snapshot older than EXPORTER_FRESH_MS */
	void *context;
	int passed[2 + CONFIG_SOCKETS];
	struct child child;
};

/* Starts it; child_stop() ends it. Logs a line on failure. Returns 0 or -errno. */
int exporter_child_start(struct exporter_child *exporter, struct children *children);

#endif
