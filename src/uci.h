/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reader of the UCI file format (OpenWrt's /etc/config), as much of it as names need:
 * https://openwrt.org/docs/guide-user/base-system/uci#file_syntax and libuci's own file.c.
 */
#ifndef MZ_UCI_H
#define MZ_UCI_H

#include <stddef.h>

#include "names.h"

/*
 * Adds the name of every MAC in the `config host` sections of text (length bytes, not changed) to
 * list. A section without a name or without a MAC is passed over. Returns 0, -ENOMEM, or -EINVAL
 * where the text is not UCI: *line is then the line's number (from 1) and *why a constant string.
 */
int uci_hosts(
	const char *text, size_t length, struct names_list *list, unsigned *line, const char **why);

#endif
