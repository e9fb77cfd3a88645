/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a DHCP server appends to: of the records of one address, the last one counts. */
#ifndef MZ_NAMES_JOURNAL_H
#define MZ_NAMES_JOURNAL_H

#include "names/name_table.h"

/* Notes that an address has a record in that line. Returns 0 or -ENOMEM. */
int journal_note(struct name_table *journal, int family, const void *addr, unsigned line);

/* Whether none was noted of that address in a later line. */
bool journal_is_last(const struct name_table *journal, int family, const void *addr, unsigned line);

#endif
