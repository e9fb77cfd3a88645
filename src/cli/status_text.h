/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's JSON in, a text for people out. */
#ifndef MZ_CLI_STATUS_TEXT_H
#define MZ_CLI_STATUS_TEXT_H

#include <stdio.h>

/*
 * Prints what /api/v1/status says. What is missing in it, as it is another version's, is left out.
 * Allocates nothing. out: NULL prints nothing. Returns how many of the tracked interfaces are not
 * counted, or -EPROTO where it is no JSON object: then nothing is printed.
 */
int status_text(const char *text, FILE *out);

#define STATUS_TEXT_HOSTS 100 /* lines at most */

/* The same for /api/v1/hosts: a line a machine, with its name and where that is from. */
int status_text_hosts(const char *text, FILE *out);

#endif
