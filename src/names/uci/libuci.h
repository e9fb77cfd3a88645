/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads UCI files by libuci, where the program was built with it (make UCI=no: without). */
#ifndef MZ_NAMES_UCI_LIBUCI_H
#define MZ_NAMES_UCI_LIBUCI_H

#include "names/parser.h"

/*
 * Adds the names of a file's sections: see uci_names.h. changes: the path of its uncommitted
 * changes, a file of the same name; or NULL. Returns 0; -ENOMEM; -EAGAIN while another program has
 * locked a file; -EINVAL where the file is not UCI; or -ENOSYS where libuci is not there or cannot
 * load such a path.
 */
int libuci_read(const char *path, const char *changes, struct name_table *table);

#endif
