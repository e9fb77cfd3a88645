/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns the daemon's JSON into text. */
#ifndef MZ_CLI_STATUS_TEXT_H
#define MZ_CLI_STATUS_TEXT_H

#include <stdio.h>

/*
 * Prints text, an answer of /api/v1/status. A daemon of another version may leave values out: so
 * does the output. Allocates nothing. out: NULL prints nothing. Returns how many of the tracked
 * interfaces are not counted on, or -EPROTO, with nothing printed, where text is no JSON object.
 */
int status_text(const char *text, FILE *out);

#define STATUS_TEXT_HOSTS 100 /* lines at most */

/* Prints an answer of /api/v1/hosts, one line per machine. Returns 0, or -EPROTO as above. */
int status_text_hosts(const char *text, FILE *out);

#endif
