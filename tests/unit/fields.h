/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FIELDS_H
#define FIELDS_H

#include "unit.h"

#include <stdio.h>
#include <string.h>

/* Of an answer's header. */
static inline void expect_field(const char *answer, const char *field)
{
	char line[128];

	snprintf(line, sizeof(line), "\r\n%s\r\n", field);
	if (!strcasestr(answer, line))
		fail_msg("no \"%s\" in:\n%.400s", field, answer);
}

#endif
