/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mezoura's own reader of the UCI file format (OpenWrt's /etc/config), for builds without
 * libuci. It accepts what libuci's file.c accepts, and reads what names need. The format:
 * https://openwrt.org/docs/guide-user/base-system/uci#file_syntax
 */
#ifndef MZ_NAMES_UCI_READER_H
#define MZ_NAMES_UCI_READER_H

#include <stddef.h>

#include "names/parser.h"

struct uci_input {
	const char *text; /* of the file */
	size_t length;
	const char *changes; /* the text of its uncommitted changes; NULL: there are none */
	size_t changes_length;
	const char *package; /* the file's name, which each change names; NULL without changes */
};

/*
 * Adds the names of the sections: see uci_names.h. Passes over changes that cannot be made. Returns
 * 0, -ENOMEM, or -EINVAL where the text is not UCI: *line is then the line's number (from 1) and
 * *why a constant string.
 */
int uci_read(
	const struct uci_input *input, struct name_table *table, unsigned *line, const char **why);

#endif
