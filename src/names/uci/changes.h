/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The uncommitted changes that `uci set` and LuCI write to /tmp/.uci. */
#ifndef MZ_NAMES_UCI_CHANGES_H
#define MZ_NAMES_UCI_CHANGES_H

#include "names/uci/package.h"

/*
 * Makes the changes in text (length bytes) that are for the package of that name. Passes over wrong
 * ones, as libuci does. strings: length + 1 bytes for it to fill, which must live as long as the
 * package. Returns 0 or -ENOMEM.
 */
int uci_changes_apply(struct uci_package *package, const char *name, const char *text,
	size_t length, char *strings);

#endif
