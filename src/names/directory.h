/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NAMES_DIRECTORY_H
#define MZ_NAMES_DIRECTORY_H

#include <stddef.h>

/*
 * Lists the regular files in a directory. Writes at most room paths, sorted, each for free(), and
 * returns how many; 0 where path is not a directory. Passes over names that begin with a dot, end
 * with '~', or begin and end with '#', as dnsmasq does. Also passes over files that another user
 * may have put there (base/trust.h), whose number is *untrusted. *left: files beyond room.
 */
size_t directory_files(
	const char *path, char **paths, size_t room, size_t *untrusted, size_t *left);

#endif
