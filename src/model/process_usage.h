/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the calling process uses of the machine: CPU time, memory, and since when. */
#ifndef MZ_MODEL_PROCESS_USAGE_H
#define MZ_MODEL_PROCESS_USAGE_H

#include <stdint.h>

#include "model/snapshot.h"

struct process_usage {
	int statm;	     /* descriptor of /proc/self/statm (proc(5)); -1: there is no /proc */
	uint64_t began_us;   /* when process_usage_init() ran: CLOCK_BOOTTIME */
	uint64_t started_ms; /* the start that process_usage_read() last returned; since 1970 */
};

/*
 * Opens /proc/self/statm, so call it before the process loses the right to open files. The
 * descriptor stays open until the process ends.
 */
void process_usage_init(struct process_usage *process);

/*
 * Fills usage: CPU time, resident memory (0 where it is not known), and the start. Routers learn
 * the time after their start, so each call computes the start from the clock as it is set then.
 * Takes two system calls and allocates nothing.
 */
void process_usage_read(struct process_usage *process, struct snapshot_process *usage);

#endif
