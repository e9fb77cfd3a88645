/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mezoura history import, and what another program wrote as JSON. */
#ifndef MZ_CLI_HISTORY_IMPORT_H
#define MZ_CLI_HISTORY_IMPORT_H

#include <stdint.h>

#include "cli/history_options.h"

#define HISTORY_IMPORT_MOST (64u << 20) /* bytes of a file */

/* Imports the file, and says what it did. Returns the exit status. */
int history_import(const struct history_config *config);

/*
 * Finds the MAC behind an address (network byte order) in what /api/v1/hosts answers. Returns 0;
 * -ENOENT; or -EEXIST where it is several hosts'.
 */
int history_mac_in(const char *json, int family, const uint8_t addr[16], uint8_t mac[6]);

#endif
