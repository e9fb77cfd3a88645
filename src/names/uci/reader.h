/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reader of the UCI file format (OpenWrt's /etc/config), as much of it as names need:
 * https://openwrt.org/docs/guide-user/base-system/uci#file_syntax and libuci's own file.c.
 */
#ifndef MZ_NAMES_UCI_READER_H
#define MZ_NAMES_UCI_READER_H

#include <stddef.h>

#include "names/name_table_add.h"

struct uci_input {
	const char *text; /* of the file */
	size_t length;
	const char *changes; /* what was set and not committed yet; NULL: nothing */
	size_t changes_length;
	const char *package; /* the file's name, which changes have in each line; or NULL */
};

/*
 * Adds to table what the sections name: see uci_names.h. One that names nothing is passed over, and
 * so is a change that cannot be made. Returns 0, -ENOMEM, or -EINVAL where the text is not UCI:
 * *line is then the line's number (from 1) and *why a constant string.
 */
int uci_read(
	const struct uci_input *input, struct name_table *table, unsigned *line, const char **why);

#endif
