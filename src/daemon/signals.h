/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals that the daemon takes, in its loop: SIGTERM and SIGINT end it. */
#ifndef MZ_DAEMON_SIGNALS_H
#define MZ_DAEMON_SIGNALS_H

#include "base/loop.h"

struct signals {
	struct loop *loop;
	struct loop_source source;
	void (*child_ended)(void *context); /* or stopped, or continued */
	void *context;
};

/*
 * Blocks these signals, and SIGCHLD, which child_ended(context) is called for. signals and loop:
 * kept by the caller. Returns 0 or -errno.
 */
int signals_start(struct signals *signals, struct loop *loop, void (*child_ended)(void *context),
	void *context);

/* They stay blocked. signals: zeroed is fine. */
void signals_stop(struct signals *signals);

#endif
