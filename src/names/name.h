/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NAMES_NAME_H
#define MZ_NAMES_NAME_H

#include <stdbool.h>

/* Whether two names may be of one host: alike but for case and a domain behind one of them. */
bool name_agrees(const char *a, const char *b);

#endif
