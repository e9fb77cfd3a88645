// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/process_usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

void process_usage_init(struct process_usage *process)
{
	process->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	process->began_us = clock_us(CLOCK_BOOTTIME);
	process->started_ms = clock_date_ms();
}

static uint64_t resident_bytes(int statm)
{
	unsigned long pages = 0;
	char text[128];
	ssize_t length = statm < 0 ? -1 : pread(statm, text, sizeof(text) - 1, 0);

	if (length < 0)
		return 0;
	text[length] = '\0';
	if (sscanf(text, "%*u %lu", &pages) != 1)
		return 0;
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void process_usage_read(struct process_usage *process, struct snapshot_process *usage)
{
	uint64_t age_us = clock_us(CLOCK_BOOTTIME) - process->began_us;
	uint64_t started_ms = clock_date_ms() - age_us / 1000;
	uint64_t last_ms = process->started_ms;

	/* Rounding alone changes nothing: another start would look like another process. */
	if (started_ms > last_ms + 1000 || last_ms > started_ms + 1000)
		process->started_ms = started_ms;
	usage->cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	usage->resident_bytes = resident_bytes(process->statm);
	usage->started_ms = process->started_ms;
}
