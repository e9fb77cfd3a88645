/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NAMES_DIRECTORY_H
#define MZ_NAMES_DIRECTORY_H

#include <stddef.h>

/*
 * Writes the paths of the regular files in a directory to paths, each for free(), sorted, and
 * returns how many: at most room, those that are found first. None where path is no directory. As
 * in dnsmasq, names that begin with a dot, end with '~', or begin and end with '#' are passed over,
 * and so are files that another user may have put there (trust.h): *untrusted counts those, *left
 * what there was no room for.
 */
size_t directory_files(
	const char *path, char **paths, size_t room, size_t *untrusted, size_t *left);

#endif
