/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_PRINTABLE_H
#define MZ_BASE_PRINTABLE_H

#include <stddef.h>

/*
 * Copies text for terminals and logs, since hosts and devices are called by strangers. '?' takes
 * the place of each byte that is not UTF-8 and of each character that utf8_steers() a terminal. to:
 * room bytes; a text that is too long is cut between characters. It may begin where from does.
 * Returns its length without the NUL; a text that was cut leaves *from at what is left.
 */
size_t printable(const char **from, char *to, size_t room);

#endif
