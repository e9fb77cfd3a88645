/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper's side of the exporter: starts it, answers it, and starts another when it ends. */
#ifndef MZ_DAEMON_EXPORTER_PROCESS_H
#define MZ_DAEMON_EXPORTER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct exporter_process {
	char **argv;	    /* the keeper's command line */
	const int *sockets; /* to serve on; kept by the caller */
	size_t count;
	int shared;		      /* the memory of the snapshot */
	const struct privileges *who; /* kept by the caller, which dropped its own */
	pid_t pid;		      /* 0: it does not run */
	int channel;
	int life; /* our end of a pipe: without it the kernel kills the exporter */
	uint64_t started_ms,
		due_ms;	  /* monotonic; due_ms: of the next start, where it does not run */
	unsigned wait_ms; /* before that start */
	uint64_t ping_ms; /* monotonic: when it is asked for a sign of life the next time */
	unsigned silent;  /* how often it was, since it last said anything */
};

/* Starts it. process: all up to who set, else zeroed. Returns 0 or -errno. */
int exporter_process_start(struct exporter_process *process);

/* Milliseconds until exporter_process_run() has something to do; -1: nothing. */
int exporter_process_timeout(const struct exporter_process *process);

/*
 * Starts it again where that is due; whether it did, and there is another channel. Asks the one
 * that runs for a sign of life, and has the kernel kill it where it gives none.
 */
bool exporter_process_run(struct exporter_process *process);

/*
 * To be called at SIGCHLD. Where it ended, logs why, closes the channel and puts off the next
 * start. Returns whether it did.
 */
bool exporter_process_reap(struct exporter_process *process);

/* Whether it asks for a fresh snapshot, -EPIPE where it ended; and the answer that there is one. */
int exporter_process_asks(struct exporter_process *process);
void exporter_process_answer(const struct exporter_process *process);

/* Ends it, if need be with the keeper. */
void exporter_process_stop(struct exporter_process *process);

#endif
