/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a parser knows of the table it fills. */
#ifndef MZ_NAMES_NAME_TABLE_ADD_H
#define MZ_NAMES_NAME_TABLE_ADD_H

#include <stdint.h>

#define NAMES_MAX 255 /* bytes of a name; a longer one is cut on a character border */

struct names_list;

/*
 * What a parser calls for each name it finds. An earlier name
 * of the same MAC or address stays; addresses that no host on a LAN can have (loopback, link-local,
 * multicast) are passed over. name: any bytes, NUL-terminated; copied. Returns 0 or -ENOMEM.
 */
int names_list_add(struct names_list *list, const uint8_t mac[6], const char *name);
int names_list_add_address(struct names_list *list, int family, const void *addr, const char *name);
/* Of an address that a MAC holds: names both. */
int names_list_add_held(struct names_list *list, const uint8_t mac[6], int family, const void *addr,
	const char *name);
/* Of an address as a hosts file has it: what names_find_address() asks as if it was in one. */
int names_list_add_domain(struct names_list *list, int family, const void *addr, const char *name);
/* A lease file that a configuration names, for names_follow_leasefiles(): an absolute path. */
int names_list_add_leasefile(struct names_list *list, const char *path);

#endif
