/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with a clock, what can happen to it, and a recorder that counts one a second. A second
 * of boot time has a true date; the recorder gives it one, too. Signals are as measured: see
 * docs/decisions/clock.md.
 */
#ifndef WORLD_H
#define WORLD_H

#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "history/timekeeper.h"

#define S     (int64_t)1000
#define MIN   (60 * S)
#define HOUR  (60 * MIN)
#define DAY   (24 * HOUR)
#define YEAR  (365 * DAY)
#define FLOOR (1780000000 * S)
#define NOW   (1782900000 * S) /* the boot: five hours after a full one */

#define WORLD_SLICE   300
#define WORLD_SECONDS 200000
#define WORLD_DIRTY   16000000 /* the kernel's maximum error once the clock was set */

struct world {
	int64_t boot;		   /* seconds */
	int64_t true_ms, clock_ms; /* date - boot: in truth, and as this machine's clock has it */
	struct timekeeper_reading signals;

	/* the recorder */
	struct timekeeper keeper;
	int64_t open;					    /* when the open slice began */
	int64_t truth[WORLD_SECONDS], given[WORLD_SECONDS]; /* date - boot, of each second */
	bool final[WORLD_SECONDS];
	int64_t proven_ms; /* of the last final slice */
	bool had_proof;
};

static inline void world_boot(struct world *world, int64_t true_ms, int64_t wrong_ms, int64_t floor)
{
	memset(world, 0, sizeof(*world));
	world->true_ms = true_ms;
	world->clock_ms = true_ms + wrong_ms;
	world->signals.unsynchronized = true;
	world->signals.max_error_us = WORLD_DIRTY;
	timekeeper_init(&world->keeper, floor);
}

/* What the kernel does whenever the clock is set, by whom ever. */
static inline void world_set(struct world *world, int64_t wrong_ms)
{
	world->clock_ms = world->true_ms + wrong_ms;
	world->signals.unsynchronized = true;
	world->signals.max_error_us = WORLD_DIRTY;
}

static inline void world_clear(struct world *world, uint32_t max_error_us)
{
	world->signals.unsynchronized = false;
	world->signals.max_error_us = max_error_us;
}

static inline void world_hook(struct world *world)
{
	world->signals.stamp_ms = world->boot * 1000 + world->clock_ms;
}

/* The seconds of the open slice, as of the keeper's state. */
static inline void world_close(struct world *world, bool proven, int64_t offset_ms)
{
	for (int64_t s = world->open; s < world->boot; s++) {
		assert_false(world->final[s]);
		world->final[s] = proven;
		world->given[s] = offset_ms;
	}
	if (proven && world->open < world->boot) {
		world->proven_ms = offset_ms;
		world->had_proof = true;
	}
	world->open = world->boot;
}

static inline void world_settle(struct world *world)
{
	world->proven_ms = world->keeper.offset_ms;
	world->had_proof = true;
	for (int64_t s = 0; s < world->open; s++)
		if (!world->final[s]) {
			world->final[s] = true;
			world->given[s] = world->keeper.offset_ms;
		}
}

static inline void world_read(struct world *world)
{
	bool proven = timekeeper_is_proven(&world->keeper);
	int64_t offset_ms = world->keeper.offset_ms, floor_ms = world->keeper.floor_ms;
	unsigned bits;

	world->signals.boot_ms = world->boot * 1000;
	world->signals.date_ms = world->boot * 1000 + world->clock_ms;
	bits = timekeeper_take(&world->keeper, &world->signals);
	assert_int_equal(world->keeper.floor_ms, floor_ms);
	if (bits & TIMEKEEPER_STEPPED)
		world_close(world, proven, offset_ms);
	if (bits & TIMEKEEPER_SETTLED) {
		assert_true(timekeeper_is_proven(&world->keeper));
		world_settle(world);
	}
	if (world->boot - world->open >= WORLD_SLICE)
		world_close(world, timekeeper_is_proven(&world->keeper), world->keeper.offset_ms);
}

static inline void world_pass(struct world *world)
{
	assert_true(world->boot < WORLD_SECONDS);
	world->truth[world->boot++] = world->true_ms;
	if (world->signals.max_error_us < WORLD_DIRTY)
		world->signals.max_error_us += 500;
	else
		world->signals.unsynchronized = true;
}

/* Another process goes on: the slices are there, the open one is read from the counters. */
static inline void world_restart(struct world *world)
{
	int64_t floor_ms = world->keeper.floor_ms;

	world_close(world, timekeeper_is_proven(&world->keeper), world->keeper.offset_ms);
	timekeeper_init(&world->keeper, floor_ms);
	if (world->had_proof)
		timekeeper_resume(
			&world->keeper, world->proven_ms / S * S); /* the seconds are kept */
}

static inline int64_t world_hour(int64_t second, int64_t offset_ms)
{
	return (second * 1000 + offset_ms) / 3600000;
}

/* Ends the world: the seconds that lie in a wrong hour, as all of it is shown now. */
static inline int64_t world_wrong(struct world *world)
{
	bool waits = world->keeper.state == TIMEKEEPER_WAITS;
	int64_t wrong = 0;

	world_close(world, timekeeper_is_proven(&world->keeper), world->keeper.offset_ms);
	for (int64_t s = 0; s < world->boot; s++) {
		int64_t offset_ms = world->final[s] ? world->given[s] : world->keeper.offset_ms;

		wrong += (!world->final[s] && waits) ||
			 world_hour(s, offset_ms) != world_hour(s, world->truth[s]);
	}
	return wrong;
}

enum what {
	END,   /* of a case's events */
	SET,   /* by hand, or by a program that leaves no other sign: wrong by ms from now on */
	ADJ,   /* as systemd-timesyncd does: the kernel's flag is clear at once */
	FILE_, /* of systemd */
	HOOK,  /* of OpenWrt */
	FLAGS, /* of busybox ntpd: 1: there, 0: gone */
	CLEAR, /* the kernel's flag, with this maximum error in microseconds */
	PAUSE, /* of a virtual machine, so long */
	RESTART,
	/* all that follows when an NTP client has reached a server, as it was measured: */
	BUSYBOX,       /* whose offset is more than a second */
	BUSYBOX_SLEWS, /* less than that */
	TIMESYNCD,
	CHRONY
};

struct event {
	int64_t at; /* milliseconds since boot */
	enum what what;
	int64_t value;
};

static struct world world;
static struct event pending[32];
static size_t pending_count;

static inline void later(int64_t ms, enum what what, int64_t value)
{
	assert_true(pending_count < sizeof(pending) / sizeof(*pending));
	pending[pending_count++] =
		(struct event){.at = world.boot * S + ms, .what = what, .value = value};
}

static inline void happen(const struct event *event)
{
	switch (event->what) {
	case END:
		break;
	case SET:
		world_set(&world, event->value);
		break;
	case ADJ:
		world_set(&world, event->value);
		world_clear(&world, 1000);
		break;
	case FILE_:
		world.signals.systemd_synchronized = true;
		break;
	case HOOK:
		world_hook(&world);
		break;
	case FLAGS:
		world.signals.frequency_held = event->value;
		break;
	case CLEAR:
		world_clear(&world, (uint32_t)event->value);
		break;
	case PAUSE:
		world.true_ms += event->value;
		break;
	case RESTART:
		world_restart(&world);
		break;
	case BUSYBOX:
		later(0, SET, 10);
		later(33 * S, HOOK, 0);
		later(64 * S, FLAGS, 1);
		later(704 * S, FLAGS, 0);
		break;
	case BUSYBOX_SLEWS:
		later(0, HOOK, 0);
		later(0, FLAGS, 1);
		break;
	case TIMESYNCD:
		later(0, ADJ, 5);
		later(S, FILE_, 0);
		break;
	case CHRONY:
		later(0, SET, 3);
		later(2 * S, CLEAR, 9000);
		for (int i = 0; i < 4; i++)
			later(6 * S + i * 64 * S, CLEAR, 9500 + 500 * i);
		break;
	}
}

static inline void happen_now(void)
{
	for (size_t i = 0; i < pending_count; i++)
		if (pending[i].what != END && pending[i].at <= world.boot * S) {
			happen(&pending[i]);
			pending[i].what = END;
		}
}

#endif
