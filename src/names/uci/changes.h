/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `uci set` and LuCI write to /tmp/.uci before it is committed. */
#ifndef MZ_NAMES_UCI_CHANGES_H
#define MZ_NAMES_UCI_CHANGES_H

#include "names/uci/package.h"

/*
 * Makes the changes in text (length bytes) that are for the package called name; those that are
 * wrong are passed over, as libuci does. strings: length + 1 bytes that must live as long as the
 * package. Returns 0 or -ENOMEM.
 */
int uci_changes_apply(struct uci_package *package, const char *name, const char *text,
	size_t length, char *strings);

#endif
