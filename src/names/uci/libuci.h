/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UCI as the system itself reads it: by libuci, where the program was built with it. */
#ifndef MZ_NAMES_UCI_LIBUCI_H
#define MZ_NAMES_UCI_LIBUCI_H

#include "names/name_table_add.h"

/*
 * Adds to table what the sections of a file name: see uci_names.h. changes: the path of
 * what was set and not committed yet, in a file of the same name; or NULL. Returns 0, -ENOMEM,
 * -EAGAIN while somebody has locked the file, -EINVAL where it is not UCI, or -ENOSYS where libuci
 * is not there or has no word for a file of that name.
 */
int libuci_read(const char *path, const char *changes, struct name_table *table);

#endif
