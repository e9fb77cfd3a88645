/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For files to which a DHCP server appends: of the records of an address, the last one counts. A
 * parser reads the file twice. It notes the line of each record first, and then adds the names of
 * those that are the last. The journal is a name_table that the parser frees.
 */
#ifndef MZ_NAMES_JOURNAL_H
#define MZ_NAMES_JOURNAL_H

#include "names/name_table.h"

/* Notes a record of an address in that line. Returns 0 or -ENOMEM. */
int journal_note(struct name_table *journal, int family, const void *addr, unsigned line);

/* Whether the record in that line is the last one of its address. */
bool journal_is_last(const struct name_table *journal, int family, const void *addr, unsigned line);

#endif
