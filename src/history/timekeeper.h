/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the clock is right. In one boot, wall time and CLOCK_BOOTTIME differ by one number, the
 * offset, which only a setting of the clock changes. What is counted is kept by boot time, and gets
 * a date by an offset that is known to be right. No flag of the kernel alone is proof:
 * docs/decisions/clock.md says which signals are, and where they were measured.
 */
#ifndef MZ_HISTORY_TIMEKEEPER_H
#define MZ_HISTORY_TIMEKEEPER_H

#include <stdbool.h>
#include <stdint.h>

/* All that is known of the clock at an instant. */
struct timekeeper_reading {
	int64_t boot_ms;	   /* CLOCK_BOOTTIME */
	int64_t date_ms;	   /* CLOCK_REALTIME, since 1970 */
	int64_t stamp_ms;	   /* when an NTP client's hook (OpenWrt) last reported; 0: never */
	bool unsynchronized;	   /* STA_UNSYNC of adjtimex(2) */
	bool frequency_held;	   /* STA_PLL and STA_FREQHOLD: busybox ntpd */
	bool systemd_synchronized; /* /run/systemd/timesync/synchronized */
	uint32_t max_error_us;
};

enum timekeeper_state {
	TIMEKEEPER_WAITS,    /* the date cannot be: before floor, or 20 years after it */
	TIMEKEEPER_UNPROVEN, /* plausible: what is counted has this date until there is proof */
	TIMEKEEPER_PROVEN,
	TIMEKEEPER_DOUBTS /* proven, then set without new proof: the old offset is kept for an hour
			   */
};

struct timekeeper {
	enum timekeeper_state state;
	int64_t offset_ms; /* date - boot, as it is believed */
	int64_t floor_ms;  /* the date was later than this */
	/* private: */
	int64_t stepped_boot_ms; /* when the clock was last set; INT64_MIN: not seen */
	int64_t stamp_before_ms; /* the hook's report at that time: only a newer one is proof */
	int64_t raw_offset_ms;	 /* of the last reading */
	bool has_reading, was_clear;
	uint32_t lowest_error_us; /* since the clock was last set, while it was synchronized */
	uint32_t last_error_us;
};

/* What a reading means for what is counted: bits. */
enum {
	TIMEKEEPER_STEPPED = 1, /* close the open slice: the offset is another one from here on */
	TIMEKEEPER_SETTLED = 2, /* all slices without a date get offset_ms, and are final */
};

/* floor_ms: the newest date that is certainly over, as that of the build or of a final row. */
void timekeeper_init(struct timekeeper *keeper, int64_t floor_ms);

/* Takes the next reading, in order of boot time. Returns bits. */
unsigned timekeeper_take(struct timekeeper *keeper, const struct timekeeper_reading *reading);

/* Whether slices that end now are final, with offset_ms. */
bool timekeeper_is_proven(const struct timekeeper *keeper);

/* Reads the signals of this machine. stamp: the path of the hook's stamp, or NULL. */
void timekeeper_read(struct timekeeper_reading *reading, const char *stamp);

#endif
