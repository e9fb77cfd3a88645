/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another CPU that shows a program the same packet all the time. */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "../bpf/packet.h"

#define NEIGHBOUR_REPEAT 1000

struct neighbour {
	pthread_t thread;
	int program;
	const struct frame *frame;
	cpu_set_t cpus; /* ours, until it stops */
	unsigned before;
	atomic_uint shown;
	atomic_bool stop;
};

static inline void *neighbour_run(void *argument)
{
	struct neighbour *neighbour = argument;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = neighbour->frame->bytes,
		.data_size_in = (__u32)neighbour->frame->length, .repeat = NEIGHBOUR_REPEAT);

	while (!neighbour->stop)
		if (bpf_prog_test_run_opts(neighbour->program, &options) == 0)
			neighbour->shown += NEIGHBOUR_REPEAT;
		else
			neighbour->stop = true;
	return NULL;
}

/* Returns how many packets it has shown since it was started. */
static inline unsigned neighbour_stop(struct neighbour *neighbour)
{
	unsigned shown = neighbour->shown - neighbour->before;

	neighbour->stop = true;
	pthread_join(neighbour->thread, NULL);
	sched_setaffinity(0, sizeof(neighbour->cpus), &neighbour->cpus);
	return shown;
}

/*
 * We have the first of our CPUs from here on, and it has the second. False: there is none, or it
 * is not ours.
 */
static inline bool neighbour_start(
	struct neighbour *neighbour, int program, const struct frame *frame)
{
	cpu_set_t cpu[2];
	int number = 0;

	*neighbour = (struct neighbour){.program = program, .frame = frame};
	if (sched_getaffinity(0, sizeof(neighbour->cpus), &neighbour->cpus) < 0 ||
		CPU_COUNT(&neighbour->cpus) < 2)
		return false;
	for (int i = 0; i < 2; i++, number++) {
		while (!CPU_ISSET(number, &neighbour->cpus))
			number++;
		CPU_ZERO(&cpu[i]);
		CPU_SET(number, &cpu[i]);
	}
	if (pthread_create(&neighbour->thread, NULL, neighbour_run, neighbour) != 0)
		return false;
	sched_setaffinity(0, sizeof(*cpu), &cpu[0]);
	pthread_setaffinity_np(neighbour->thread, sizeof(*cpu), &cpu[1]);
	while (neighbour->shown == 0 && !neighbour->stop)
		sched_yield();
	neighbour->before = neighbour->shown;
	return true;
}

#endif
