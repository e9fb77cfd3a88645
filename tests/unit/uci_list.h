/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replaces the functions of names/parser.h: each passes one line per name, in the order in which
 * names are found, to note(), which the test defines. Long names are cut.
 */
#ifndef UCI_LIST_H
#define UCI_LIST_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#include "names/parser.h"

#define UCI_LINE 400

void note(struct name_table *list, const char *line, size_t length);

static inline int note_name(
	struct name_table *list, const uint8_t *mac, int family, const void *addr, const char *name)
{
	char line[UCI_LINE], address[INET6_ADDRSTRLEN];
	size_t length = 0;

	if (mac)
		length = (size_t)sprintf(line, "%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2],
			mac[3], mac[4], mac[5]);
	if (addr)
		length += (size_t)sprintf(line + length, "%s%s", mac ? "," : "",
			inet_ntop(family, addr, address, sizeof(address)));
	length += (size_t)sprintf(line + length, "=%.255s\n", name);
	note(list, line, length);
	return 0;
}

int name_table_add(struct name_table *list, const uint8_t mac[6], const char *name)
{
	return note_name(list, mac, 0, NULL, name);
}

int name_table_add_held(struct name_table *list, const uint8_t mac[6], int family, const void *addr,
	const char *name)
{
	return note_name(list, mac, family, addr, name);
}

int name_table_add_address(struct name_table *list, int family, const void *addr, const char *name)
{
	return note_name(list, NULL, family, addr, name);
}

int name_table_add_domain(struct name_table *list, int family, const void *addr, const char *name)
{
	note(list, "domain ", 7);
	return note_name(list, NULL, family, addr, name);
}

int name_table_add_leasefile(struct name_table *list, const char *path)
{
	char line[UCI_LINE];

	note(list, line, (size_t)sprintf(line, "leasefile %.255s\n", path));
	return 0;
}

#endif
