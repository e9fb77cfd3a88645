/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process uses of the machine. */
#ifndef MZ_MODEL_PROCESS_USAGE_H
#define MZ_MODEL_PROCESS_USAGE_H

#include <stdint.h>

#include "model/snapshot.h"

struct process_usage {
	int statm;	     /* proc(5): memory in pages; -1: there is no /proc */
	uint64_t began_us;   /* CLOCK_BOOTTIME */
	uint64_t started_ms; /* as it was told last */
};

/* At the start, before files cannot be opened any more. */
void process_usage_init(struct process_usage *process);

/*
 * The start is told by the clock as it is set now, as routers learn the time after their start. Two
 * system calls and no allocation. resident_bytes is 0 where it is not known.
 */
void process_usage_read(struct process_usage *process, struct snapshot_process *uses);

#endif
