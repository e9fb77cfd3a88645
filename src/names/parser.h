/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a parser of names is given, and what it calls. Every source of names and every format of
 * leases has one function of the type source_parser, called X_parse() in names/X.c. Formats of one
 * record per line are read with names/lines.h: ethers.c is the shortest example.
 */
#ifndef MZ_NAMES_PARSER_H
#define MZ_NAMES_PARSER_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_MAX 255 /* bytes of a name; a longer one is cut between UTF-8 characters */

struct name_table;

/* The content of one file. The parser keeps no pointer to it. */
struct source_text {
	const char *path, *text;
	size_t length; /* bytes of text, which may contain NUL bytes */
	/* a second file, with changes to the first one: only UCI has it; NULL: it is not there */
	const char *changes_path, *changes;
	size_t changes_length;
};

/*
 * Adds the names in text to table. Returns 0; -ENOMEM; -EINVAL where the text as a whole is broken;
 * or -EAGAIN where the file is to be read again soon. The first line that it passes over, or that
 * makes the text broken, is reported in *line (from 1) and *why, a constant string. Both are zero
 * before the call.
 */
typedef int source_parser(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why);

/*
 * These add one name each. name: any bytes, NUL-terminated; copied. An earlier name of the same MAC
 * or address stays. Addresses that no host on a LAN can have (loopback, link-local, multicast) are
 * passed over. addr: network byte order. Return 0 or -ENOMEM.
 */

/* The name of a MAC. */
int name_table_add(struct name_table *table, const uint8_t mac[6], const char *name);

/*
 * The name of an address, whatever its MAC is. family: AF_INET or AF_INET6. Passes over a name that
 * is itself an address: where there is no name, outputs show the address in its place.
 */
int name_table_add_address(
	struct name_table *table, int family, const void *addr, const char *name);

/* The name of an address and of the MAC that holds it, by a lease or by configuration. */
int name_table_add_held(struct name_table *table, const uint8_t mac[6], int family,
	const void *addr, const char *name);

/* The name of an address from a UCI `config domain`, which ranks with the hosts files. */
int name_table_add_domain(struct name_table *table, int family, const void *addr, const char *name);

/*
 * The path of a lease file that a configuration names, for names_follow_leasefiles(). Passes over
 * relative paths, and more than NAMES_LEASEFILES of one file.
 */
int name_table_add_leasefile(struct name_table *table, const char *path);

#endif
