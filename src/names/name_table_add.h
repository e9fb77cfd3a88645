/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a parser knows of the table it fills. */
#ifndef MZ_NAMES_NAME_TABLE_ADD_H
#define MZ_NAMES_NAME_TABLE_ADD_H

#include <stdint.h>

#define NAMES_MAX 255 /* bytes of a name; a longer one is cut on a character border */

struct name_table;

/*
 * What a parser calls for each name it finds. An earlier name
 * of the same MAC or address stays; addresses that no host on a LAN can have (loopback, link-local,
 * multicast) are passed over. name: any bytes, NUL-terminated; copied. Returns 0 or -ENOMEM.
 */
int name_table_add(struct name_table *table, const uint8_t mac[6], const char *name);
int name_table_add_address(
	struct name_table *table, int family, const void *addr, const char *name);
/* Of an address that a MAC holds: names both. */
int name_table_add_held(struct name_table *table, const uint8_t mac[6], int family,
	const void *addr, const char *name);
/* Of an address as a hosts file has it: what names_find_address() asks as if it was in one. */
int name_table_add_domain(struct name_table *table, int family, const void *addr, const char *name);
/* A lease file that a configuration names, for names_follow_leasefiles(): an absolute path. */
int name_table_add_leasefile(struct name_table *table, const char *path);

#endif
