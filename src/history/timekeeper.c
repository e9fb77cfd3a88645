// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/timekeeper.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include "base/clock.h"

#define STEP_MS	      250  /* smaller changes are noise, or a clock that is slewed */
#define SMALL_STEP_MS 2000 /* a leap second, or an NTP client's correction: needs no proof */
#define DOUBT_MS      ((int64_t)60 * 60 * 1000)
#define CEILING_MS    ((int64_t)20 * 366 * 86400 * 1000)
#define SLACK_MS      1000 /* file systems' times are coarse */
#define FALLS	      2	   /* a restart of ntpsec's ntpd makes one, without asking any server */
#define READ_US	      5000 /* the clocks are read within this time, or again */

#define SYSTEMD_SYNCHRONIZED "/run/systemd/timesync/synchronized"

void timekeeper_init(struct timekeeper *keeper, int64_t floor_ms)
{
	*keeper = (struct timekeeper){.floor_ms = floor_ms, .stepped_boot_ms = INT64_MIN};
}

void timekeeper_resume(struct timekeeper *keeper, int64_t offset_ms)
{
	/* proven by the first reading; what that process left without a date is settled then */
	keeper->state = TIMEKEEPER_DOUBTS;
	keeper->offset_ms = keeper->raw_offset_ms = offset_ms;
	keeper->resumed = true;
}

/* From now on, only what is newer than a setting of the clock since the last reading counts. */
static void forget_proof(struct timekeeper *keeper, const struct timekeeper_reading *reading)
{
	/* nothing is known of what was there before a process that resumed */
	const struct timekeeper_reading *before = keeper->has_last ? &keeper->last : reading;

	keeper->seen_boot_ms = reading->boot_ms;
	keeper->stepped_boot_ms = before->boot_ms;
	keeper->stamp_before_ms = before->stamp_ms;
	keeper->held_before = before->frequency_held;
	keeper->falls = 0;
	keeper->last.unsynchronized = true; /* its error is not one to compare with */
}

/* Whether the hook reported after the clock was set, or in this boot: by the offset of now. */
static bool stamp_is_proof(
	const struct timekeeper *keeper, const struct timekeeper_reading *reading)
{
	int64_t boot_ms = reading->stamp_ms - (reading->date_ms - reading->boot_ms);
	int64_t earliest = keeper->stepped_boot_ms > 0 ? keeper->stepped_boot_ms : 0;

	return reading->stamp_ms && reading->stamp_ms != keeper->stamp_before_ms &&
	       boot_ms >= earliest - SLACK_MS && boot_ms <= reading->boot_ms + SLACK_MS;
}

static bool has_proof(struct timekeeper *keeper, const struct timekeeper_reading *reading)
{
	bool clear = !reading->unsynchronized;

	if (!reading->frequency_held)
		keeper->held_before = false;
	if (clear && keeper->has_last && !keeper->last.unsynchronized &&
		reading->max_error_us < keeper->last.max_error_us)
		keeper->falls++;
	return stamp_is_proof(keeper, reading) ||
	       (reading->frequency_held && !keeper->held_before) ||
	       (reading->systemd_synchronized && clear) || (clear && keeper->falls >= FALLS);
}

static unsigned become_proven(struct timekeeper *keeper, int64_t raw)
{
	bool was = keeper->state == TIMEKEEPER_PROVEN;

	keeper->state = TIMEKEEPER_PROVEN;
	keeper->offset_ms = raw;
	return was ? 0 : TIMEKEEPER_SETTLED;
}

/* The date is a guess until there is proof: the latest one is the best. */
static void guess(struct timekeeper *keeper, int64_t raw, int64_t date_ms)
{
	bool can_be = date_ms >= keeper->floor_ms && date_ms - keeper->floor_ms <= CEILING_MS;

	keeper->state = can_be ? TIMEKEEPER_UNPROVEN : TIMEKEEPER_WAITS;
	keeper->offset_ms = raw;
}

unsigned timekeeper_take(struct timekeeper *keeper, const struct timekeeper_reading *reading)
{
	int64_t raw = reading->date_ms - reading->boot_ms;
	bool stepped = (keeper->has_last || keeper->resumed) &&
		       llabs(raw - keeper->raw_offset_ms) > STEP_MS;
	bool trusted = keeper->state == TIMEKEEPER_PROVEN || keeper->state == TIMEKEEPER_DOUBTS;
	unsigned bits = stepped ? TIMEKEEPER_STEPPED : 0;

	if (stepped)
		forget_proof(keeper, reading);
	if (has_proof(keeper, reading) ||
		(trusted && llabs(raw - keeper->offset_ms) <= SMALL_STEP_MS))
		bits |= become_proven(keeper, raw);
	else if (trusted && reading->boot_ms - keeper->seen_boot_ms < DOUBT_MS)
		keeper->state = TIMEKEEPER_DOUBTS;
	else
		guess(keeper, raw, reading->date_ms);
	keeper->raw_offset_ms = raw;
	keeper->last = *reading;
	keeper->has_last = true;
	return bits;
}

bool timekeeper_is_proven(const struct timekeeper *keeper)
{
	return keeper->state == TIMEKEEPER_PROVEN;
}

/* Milliseconds of both clocks at one instant. */
static void read_clocks(struct timekeeper_reading *reading)
{
	int64_t before = (int64_t)clock_us(CLOCK_BOOTTIME), after;

	for (int i = 0;; i++) {
		reading->date_ms = (int64_t)clock_us(CLOCK_REALTIME) / 1000;
		after = (int64_t)clock_us(CLOCK_BOOTTIME);
		/* not for ever: an overloaded machine takes long each time */
		if (after - before <= READ_US || i == 10)
			break;
		before = after;
	}
	reading->boot_ms = (before + after) / 2000;
}

static void read_signals(struct timekeeper_reading *reading, const char *stamp)
{
	struct timex timex = {.modes = 0};
	bool known = adjtimex(&timex) >= 0;
	struct stat st;

	reading->unsynchronized = !known || (timex.status & STA_UNSYNC);
	reading->frequency_held =
		known && (timex.status & STA_PLL) && (timex.status & STA_FREQHOLD);
	/* the kernel's is at most 16 s */
	reading->max_error_us = known ? (uint32_t)timex.maxerror : UINT32_MAX;
	reading->systemd_synchronized = stat(SYSTEMD_SYNCHRONIZED, &st) == 0;
	reading->stamp_ms = 0;
	if (stamp && stat(stamp, &st) == 0)
		reading->stamp_ms =
			(int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

void timekeeper_read(struct timekeeper_reading *reading, const char *stamp)
{
	struct timekeeper_reading before;

	/* signals are those of the offset that is in force before them and behind them */
	for (int i = 0; i < 10; i++) {
		read_clocks(&before);
		read_signals(reading, stamp);
		read_clocks(reading);
		if (llabs(reading->date_ms - reading->boot_ms -
			    (before.date_ms - before.boot_ms)) <= 2 * READ_US / 1000)
			break;
	}
}
