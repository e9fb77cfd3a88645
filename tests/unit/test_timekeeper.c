// SPDX-License-Identifier: GPL-2.0-or-later
#include "world.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static const struct {
	const char *name;
	int64_t wrong_ms; /* at boot */
	int64_t length;
	struct event event[12];
	int64_t wrong; /* at most so many seconds in a wrong hour at the end; ALL: no date at all */
	enum timekeeper_state state;
} cases[] = {
#define ALL -1
	{"good RTC, NTP after 30 s", 300, 4 * HOUR, {{30 * S, BUSYBOX_SLEWS, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"good RTC, never NTP", S, 2 * HOUR, {{0}}, 2, TIMEKEEPER_UNPROVEN},
	{"RTC in 2000, NTP after 10 min", -26 * YEAR, 2 * HOUR, {{10 * MIN, BUSYBOX, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"RTC in 1970, never NTP", -NOW, 2 * HOUR, {{0}}, ALL, TIMEKEEPER_WAITS},
	{"RTC 72 years ahead, never NTP", 72 * YEAR, 2 * HOUR, {{0}}, ALL, TIMEKEEPER_WAITS},
	{"RTC ten years ahead, NTP after 10 min", 10 * YEAR, 2 * HOUR, {{10 * MIN, TIMESYNCD, 0}},
		0, TIMEKEEPER_PROVEN},
	{"RTC ten years ahead, NTP after a day", 10 * YEAR, 30 * HOUR, {{24 * HOUR, CHRONY, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"no RTC, NTP after 10 s", -34500 * S, 2 * HOUR, {{10 * S, BUSYBOX, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"no RTC, NTP after 10 min", -34500 * S, 2 * HOUR, {{10 * MIN, CHRONY, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"no RTC, NTP after 30 h", -34500 * S, 32 * HOUR, {{30 * HOUR, BUSYBOX, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"no RTC, three days behind, NTP after a day", -3 * DAY, 26 * HOUR,
		{{24 * HOUR, TIMESYNCD, 0}}, 0, TIMEKEEPER_PROVEN},
	{"no RTC, never NTP", -34500 * S, 34500 * S, {{0}}, 34500, TIMEKEEPER_UNPROVEN},
	{"no RTC, set by hand after 2 h, 20 s wrong", -34500 * S, 3 * HOUR,
		{{2 * HOUR, SET, 20 * S}}, 60, TIMEKEEPER_UNPROVEN},
	{"set a year ahead by hand, NTP repairs it 20 min later", 0, 4 * HOUR,
		{{30 * S, BUSYBOX_SLEWS, 0}, {2 * HOUR, SET, YEAR},
			{2 * HOUR + 20 * MIN, SET, 100}},
		0, TIMEKEEPER_PROVEN},
	{"set a year ahead, repaired with proof, but not quite", 0, 4 * HOUR,
		{{30 * S, BUSYBOX_SLEWS, 0}, {2 * HOUR, SET, YEAR},
			{2 * HOUR + 20 * MIN, SET, 5 * S}, {2 * HOUR + 21 * MIN, HOOK, 0}},
		10, TIMEKEEPER_PROVEN},
	{"a wrong date in doubt, then a day later NTP", 0, 30 * HOUR,
		{{30 * S, BUSYBOX_SLEWS, 0}, {2 * HOUR, SET, YEAR}, {26 * HOUR, BUSYBOX, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"NTP makes a step of 3 s", 0, 4 * HOUR,
		{{30 * S, BUSYBOX_SLEWS, 0}, {2 * HOUR, SET, 3 * S}, {2 * HOUR + 33 * S, HOOK, 0}},
		6, TIMEKEEPER_PROVEN},
	{"a leap second", 0, 4 * HOUR, {{30 * S, TIMESYNCD, 0}, {2 * HOUR, ADJ, -S}}, 2,
		TIMEKEEPER_PROVEN},
	{"ntpsec clears the flag at once, steps after 10 min, proof after 15", -34500 * S, 2 * HOUR,
		{{S, CLEAR, 16}, {10 * MIN, SET, 4}, {12 * MIN, CLEAR, 20000},
			{14 * MIN, CLEAR, 19000}, {15 * MIN, CLEAR, 18000}},
		0, TIMEKEEPER_PROVEN},
	{"ntpsec clears the flag, is restarted once, never NTP", -34500 * S, 34500 * S,
		{{S, CLEAR, 16}, {HOUR, CLEAR, 16}}, 34500, TIMEKEEPER_UNPROVEN},
	{"OpenWrt's chrony after the hook has given up", -34500 * S, 2 * HOUR, {{10 * MIN, SET, 4}},
		0, TIMEKEEPER_UNPROVEN},
	{"paused for 2 h, repaired at once", 0, 4 * HOUR,
		{{30 * S, TIMESYNCD, 0}, {HOUR, PAUSE, 2 * HOUR}, {HOUR + S, ADJ, 5}}, 2,
		TIMEKEEPER_PROVEN},
	{"paused for 2 h, repaired 17 min later", 0, 4 * HOUR,
		{{30 * S, TIMESYNCD, 0}, {HOUR, PAUSE, 2 * HOUR}, {HOUR + 17 * MIN, ADJ, 5}}, 1022,
		TIMEKEEPER_PROVEN},
	{"RTC in local time, NTP after 1 h", 2 * HOUR, 4 * HOUR, {{HOUR, CHRONY, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"sysfixtime, timesyncd's file, then NTP", -26 * YEAR, 4 * HOUR,
		{{5 * S, SET, -34500 * S}, {10 * MIN, SET, -HOUR}, {50 * MIN, TIMESYNCD, 0}}, 0,
		TIMEKEEPER_PROVEN},
	{"ntpsec, started when the clock was set, restarted once", 0, 4 * HOUR,
		{{S, CLEAR, 9000}, {HOUR, SET, -30000 * S}, {HOUR, CLEAR, 16},
			{2 * HOUR, CLEAR, 16}},
		14400, TIMEKEEPER_UNPROVEN},
	{"a report, and right after it a wrong date", 0, 4 * HOUR,
		{{3 * HOUR, HOOK, 0}, {3 * HOUR, SET, 2 * HOUR}}, 14400, TIMEKEEPER_UNPROVEN},
	{"busybox's flags go, and come again for another date", 0, 4 * HOUR,
		{{S, BUSYBOX_SLEWS, 0}, {100 * S, PAUSE, 2 * HOUR}, {200 * S, SET, 10},
			{300 * S, FLAGS, 0}, {400 * S, FLAGS, 1}},
		101, TIMEKEEPER_PROVEN},
	{"a container: only the kernel's error, which falls", 0, 4 * HOUR,
		{{S, CLEAR, 9000}, {64 * S, CLEAR, 9000}, {128 * S, CLEAR, 9000}}, 0,
		TIMEKEEPER_PROVEN},
	{"a new process goes on with the proof", 0, 4 * HOUR,
		{{S, BUSYBOX, 0}, {HOUR, FLAGS, 0}, {2 * HOUR, RESTART, 0}}, 0, TIMEKEEPER_PROVEN},
	{"a new process in doubt goes on in doubt", 0, 3 * HOUR,
		{{S, TIMESYNCD, 0}, {2 * HOUR, SET, DAY}, {2 * HOUR + MIN, RESTART, 0}}, 0,
		TIMEKEEPER_DOUBTS},
};

static void as_simulated(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct event *event = cases[i].event;
		int64_t wrong, most = cases[i].wrong;

		pending_count = 0;
		world_boot(&world, NOW, cases[i].wrong_ms, FLOOR);
		for (; world.boot * S < cases[i].length; world_pass(&world)) {
			while (event->what != END && event->at <= world.boot * S)
				happen(event++);
			happen_now();
			world_read(&world);
		}
		assert_int_equal(event->what, END);
		wrong = world_wrong(&world);
		if (world.keeper.state != cases[i].state ||
			(most == ALL ? wrong != world.boot : wrong > most))
			fail_msg("%s: state %d, %lld of %lld s in a wrong hour", cases[i].name,
				(int)world.keeper.state, (long long)wrong, (long long)world.boot);
	}
}

/* Set by hand on a machine whose clock was proven, and nothing else: for an hour it is not
 * believed. */
static void a_bare_step_is_believed_after_an_hour(void **state)
{
	(void)state;
	pending_count = 0;
	world_boot(&world, NOW, 0, FLOOR);
	later(0, TIMESYNCD, 0);
	later(HOUR, SET, DAY);
	for (; world.boot * S < 3 * HOUR; world_pass(&world)) {
		bool before = world.boot * S < HOUR, later_on = world.boot * S >= 2 * HOUR;

		happen_now();
		world_read(&world);
		if (world.boot < 2)
			continue;
		assert_int_equal(world.keeper.state, before	? TIMEKEEPER_PROVEN
						     : later_on ? TIMEKEEPER_UNPROVEN
								: TIMEKEEPER_DOUBTS);
		assert_int_equal(world.keeper.offset_ms - NOW, before ? 5 : later_on ? DAY : 5);
	}
	/* what was counted in doubt has this date, too, until there is proof */
	assert_true(world.final[3590]);
	assert_false(world.final[3600]);
}

static struct timekeeper_reading reading_at(int64_t boot_ms, int64_t offset_ms)
{
	return (struct timekeeper_reading){.boot_ms = boot_ms,
		.date_ms = boot_ms + offset_ms,
		.unsynchronized = true,
		.max_error_us = WORLD_DIRTY};
}

/* The machine was suspended, which boot time tells, and its clock was set: nobody looked. */
static void doubt_begins_with_the_reading(void **state)
{
	struct timekeeper keeper;
	struct timekeeper_reading reading = reading_at(0, NOW);

	(void)state;
	timekeeper_init(&keeper, FLOOR);
	reading.stamp_ms = NOW;
	assert_int_equal(timekeeper_take(&keeper, &reading), TIMEKEEPER_SETTLED);
	assert_int_equal(timekeeper_take(&keeper, &reading), 0);
	reading = reading_at(2 * HOUR, NOW + DAY);
	assert_int_equal(timekeeper_take(&keeper, &reading), TIMEKEEPER_STEPPED);
	reading = reading_at(3 * HOUR - S, NOW + DAY);
	assert_int_equal(timekeeper_take(&keeper, &reading), 0);
	assert_int_equal(keeper.state, TIMEKEEPER_DOUBTS);
	assert_int_equal(keeper.offset_ms, NOW);
}

static void signs_that_prove_nothing(void **state)
{
	static const struct {
		const char *name;
		struct timekeeper_reading sign;
		int64_t stamp_age; /* with .stamp_ms */
	} row[] = {
		{"the kernel's flag alone", {.max_error_us = 1000}, 0},
		{"systemd's file alone", {.unsynchronized = true, .systemd_synchronized = true}, 0},
		{"a stamp from before the boot", {.unsynchronized = true, .stamp_ms = 1}, 7200},
		{"a stamp from the future", {.unsynchronized = true, .stamp_ms = 1}, -3600},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct timekeeper keeper;

		timekeeper_init(&keeper, FLOOR);
		for (int64_t s = 3600; s < 3900; s += 5) {
			struct timekeeper_reading reading = row[i].sign;

			reading.boot_ms = s * S;
			reading.date_ms = NOW + s * S;
			if (reading.stamp_ms)
				reading.stamp_ms = reading.date_ms - row[i].stamp_age * S;
			if (timekeeper_take(&keeper, &reading) ||
				keeper.state != TIMEKEEPER_UNPROVEN)
				fail_msg("taken for proof: %s", row[i].name);
		}
	}
}

static void the_floor_passes(void **state)
{
	struct timekeeper keeper;
	struct timekeeper_reading reading;

	(void)state;
	timekeeper_init(&keeper, NOW + 10 * S);
	for (int64_t s = 0; s < 20; s++) {
		reading = reading_at(s * S, NOW);
		assert_int_equal(timekeeper_take(&keeper, &reading), 0);
		assert_int_equal(keeper.state, s < 10 ? TIMEKEEPER_WAITS : TIMEKEEPER_UNPROVEN);
	}
	/* two independent facts are more than the floor */
	reading.date_ms = NOW;
	reading.boot_ms = 20 * S;
	reading.frequency_held = true;
	assert_int_equal(
		timekeeper_take(&keeper, &reading), TIMEKEEPER_STEPPED | TIMEKEEPER_SETTLED);
}

/* The real thing: what it says is what the kernel says. */
static void this_machine(void **state)
{
	char stamp[] = "/tmp/mezoura-stamp-XXXXXX";
	struct timespec times[2] = {{.tv_sec = 1234567890, .tv_nsec = 123456789}};
	struct timekeeper_reading reading;
	struct timex timex = {.modes = 0};
	int64_t before, after;
	int fd = mkstemp(stamp);

	(void)state;
	times[1] = times[0];
	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
	before = (int64_t)clock_us(CLOCK_BOOTTIME) / 1000;
	timekeeper_read(&reading, stamp);
	after = (int64_t)clock_us(CLOCK_BOOTTIME) / 1000;
	assert_between(reading.boot_ms, before, after);
	assert_true(
		llabs(reading.date_ms - reading.boot_ms -
			((int64_t)clock_us(CLOCK_REALTIME) - (int64_t)clock_us(CLOCK_BOOTTIME)) /
				1000) < 1000);
	assert_int_equal(reading.stamp_ms, 1234567890123);
	if (adjtimex(&timex) >= 0) {
		assert_int_equal(reading.unsynchronized, !!(timex.status & STA_UNSYNC));
		assert_int_equal(reading.frequency_held,
			(timex.status & STA_PLL) && (timex.status & STA_FREQHOLD));
	} else {
		assert_true(reading.unsynchronized);
		assert_int_equal(reading.max_error_us, UINT32_MAX);
	}
	assert_int_equal(reading.systemd_synchronized,
		access("/run/systemd/timesync/synchronized", F_OK) == 0);
	unlink(stamp);
	timekeeper_read(&reading, stamp);
	assert_int_equal(reading.stamp_ms, 0);
	timekeeper_read(&reading, NULL);
	assert_int_equal(reading.stamp_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_simulated),
		cmocka_unit_test(a_bare_step_is_believed_after_an_hour),
		cmocka_unit_test(doubt_begins_with_the_reading),
		cmocka_unit_test(signs_that_prove_nothing),
		cmocka_unit_test(the_floor_passes),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
