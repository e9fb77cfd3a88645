/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log_debug() that is off, for tests that put functions of their own in the place of base/log.c. */
#ifndef MZ_TEST_NO_DEBUG_H
#define MZ_TEST_NO_DEBUG_H

#include "base/log.h"

bool log_verbose;

void log_debug_line(const char *format, ...)
{
	(void)format;
}

#endif
