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
	bool unsynchronized;	   /* STA_UNSYNC of adjtimex(2), or that cannot be asked */
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
	int64_t raw_offset_ms; /* date - boot of the last reading, or of the process before */
	struct timekeeper_reading last;
	bool has_last, resumed;
	/* Only what is newer than the last setting of the clock is proof: */
	int64_t stepped_boot_ms; /* the clock was not set after this; INT64_MIN: not seen */
	int64_t seen_boot_ms;	 /* when that was seen */
	int64_t stamp_before_ms; /* the hook's report at that time */
	bool held_before;	 /* the flags of busybox have been there since */
	unsigned falls;		 /* of the kernel's maximum error since then */
};

/* What a reading means for what is counted: bits. */
enum {
	/*
	 * The offset is another one from here on: close the open slice as it was before this
	 * reading, with the offset of then, and final if that was proven.
	 */
	TIMEKEEPER_STEPPED = 1,
	/* Behind that: all slices without a date get offset_ms, and are final. */
	TIMEKEEPER_SETTLED = 2,
};

/*
 * floor_ms: the newest date that is certainly over, as that of the build or of the last final row;
 * of nothing whose date is not proven, or one boot in 2036 would be believed for ever.
 */
void timekeeper_init(struct timekeeper *keeper, int64_t floor_ms);

/*
 * After init, before the first reading: an earlier process of this boot had proof of this offset,
 * to the second. Where the clock still has it, that is enough.
 */
void timekeeper_resume(struct timekeeper *keeper, int64_t offset_ms);

/* Takes the next reading, in order of boot time. Returns bits. */
unsigned timekeeper_take(struct timekeeper *keeper, const struct timekeeper_reading *reading);

/* Whether slices that end now are final, with offset_ms. */
bool timekeeper_is_proven(const struct timekeeper *keeper);

/* Reads the signals of this machine. stamp: the path of the hook's stamp, or NULL. */
void timekeeper_read(struct timekeeper_reading *reading, const char *stamp);

#endif
