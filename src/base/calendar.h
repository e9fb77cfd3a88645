/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dates, as RFC 3339 takes them: proleptic Gregorian. For those that time_t of a 32-bit machine
 * does not reach.
 */
#ifndef MZ_BASE_CALENDAR_H
#define MZ_BASE_CALENDAR_H

#include <stdint.h>

/* a / b, rounded down also before 1970, where a is negative. b: above 0. */
int64_t floor_div(int64_t a, int64_t b);

/* The day of a date, since 1970-01-01. month: 1 to 12. */
int64_t calendar_day(int year, int month, int day_of_month);

/* The date of a day since 1970-01-01. */
void calendar_date(int64_t day, int *year, int *month, int *day_of_month);

#endif
