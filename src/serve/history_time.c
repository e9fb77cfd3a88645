// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/history_time.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_DAY (-718797) /* 0002-01-01: its local time has four digits, too */
#define LAST_DAY  2932531   /* 9998-12-31 */
#define DAY	  86400

/* Days since 1970 in the proleptic Gregorian calendar. Years begin with March here. */
static int64_t day_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1, shifted = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (shifted * 153 + 2) / 5 + day - 1 - 719468;
}

/* Reads count digits at *text, and moves it behind them; -1: there are none. */
static int digits(const char **text, int count)
{
	int number = 0;

	for (; count > 0; count--, ++*text) {
		if (**text < '0' || **text > '9')
			return -1;
		number = number * 10 + **text - '0';
	}
	return number;
}

static bool skip(const char **text, const char *one_of)
{
	if (!**text || !strchr(one_of, **text))
		return false;
	++*text;
	return true;
}

static bool read_date(const char **text, int64_t *day)
{
	static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = digits(text, 4), month, of_month;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (year < 1 || !skip(text, "-"))
		return false;
	month = digits(text, 2);
	if (month < 1 || month > 12 || !skip(text, "-"))
		return false;
	of_month = digits(text, 2);
	if (of_month < 1 || of_month > length[month - 1] + (leap && month == 2))
		return false;
	*day = day_of(year, month, of_month);
	return true;
}

/* Reads hours and minutes as seconds; -1: they are none. */
static int clock_time(const char **text)
{
	int hours = digits(text, 2), minutes;

	if (hours < 0 || hours > 23 || !skip(text, ":"))
		return -1;
	minutes = digits(text, 2);
	return minutes < 0 || minutes > 59 ? -1 : hours * 3600 + minutes * 60;
}

/* Reads what follows a date: "T12:34:56.7+01:00". Sets *offset to what it adds to the day. */
static bool read_time(const char *text, int64_t *seconds)
{
	int64_t minutes, offset, sign;
	int second;

	if (!skip(&text, "Tt"))
		return false;
	minutes = clock_time(&text);
	if (minutes < 0 || !skip(&text, ":"))
		return false;
	second = digits(&text, 2);
	if (second < 0 || second > 60)
		return false;
	if (skip(&text, ".")) {
		if (digits(&text, 1) < 0)
			return false;
		text += strspn(text, "0123456789");
	}
	*seconds = minutes + second;
	if (skip(&text, "Zz"))
		return !*text;
	sign = *text == '-' ? 1 : -1;
	if (!skip(&text, "+- "))
		return false;
	offset = clock_time(&text);
	*seconds += sign * offset;
	return offset >= 0 && !*text;
}

static bool read_seconds(const char *text, int64_t *seconds)
{
	bool negative = *text == '-';
	size_t length = strlen(text += negative);

	if (!length || length > 12 || strspn(text, "0123456789") != length)
		return false;
	*seconds = strtoll(text, NULL, 10);
	if (negative)
		*seconds = -*seconds;
	return true;
}

static bool read_any(const char *text, struct history_time *time)
{
	int64_t day, seconds;

	if (read_seconds(text, &seconds)) {
		*time = (struct history_time){seconds, HISTORY_INSTANT};
		return true;
	}
	if (!read_date(&text, &day))
		return false;
	*time = (struct history_time){day, HISTORY_DATE};
	if (!*text)
		return true;
	if (!read_time(text, &seconds))
		return false;
	*time = (struct history_time){day * DAY + seconds, HISTORY_INSTANT};
	return true;
}

bool history_time_read(const char *text, struct history_time *time)
{
	int64_t unit;

	if (!read_any(text, time))
		return false;
	unit = time->kind == HISTORY_DATE ? 1 : DAY;
	return time->value >= FIRST_DAY * unit && time->value < (LAST_DAY + 1) * unit;
}
