/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_SERVE_HISTORY_TIME_H
#define MZ_SERVE_HISTORY_TIME_H

#include <stdbool.h>

#include "model/history.h"

/*
 * Reads a time of a query: RFC 3339 with an offset or Z, in which a blank may stand for '+', as
 * query strings have it; a date, YYYY-MM-DD; or whole seconds since 1970, also negative ones. Years
 * 0002 to 9998, seconds up to 60 (a leap second is the next one), a fraction is cut off. Returns
 * false for anything else.
 */
bool history_time_read(const char *text, struct history_time *time);

#endif
