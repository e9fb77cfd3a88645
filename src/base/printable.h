/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_PRINTABLE_H
#define MZ_BASE_PRINTABLE_H

#include <stddef.h>

/*
 * Copies a text for terminals and logs, since strangers choose the names of hosts and devices. Each
 * byte that is not UTF-8, and each character for which utf8_steers() is true, becomes '?'. to: room
 * bytes, NUL-terminated; to may be *from. A longer text is cut between characters. Returns the
 * length without the NUL, and sets *from to what was not copied.
 */
size_t printable(const char **from, char *to, size_t room);

#endif
