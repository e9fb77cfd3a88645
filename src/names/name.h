/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NAMES_NAME_H
#define MZ_NAMES_NAME_H

/* Comparing names of hosts. */

#include <stdbool.h>

/*
 * Whether two names may be of one host: they are equal but for case (ASCII), and one may have a
 * domain appended, as "tv" and "TV.lan".
 */
bool name_agrees(const char *a, const char *b);

#endif
