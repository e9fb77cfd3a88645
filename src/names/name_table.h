/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names in one file, by MAC and by address: a hash table with open addressing, whose slots
 * point into one memory area with all names. Parsers fill it by the functions of names/parser.h. A
 * new table is all zero but for its seed.
 */
#ifndef MZ_NAMES_NAME_TABLE_H
#define MZ_NAMES_NAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "names/parser.h"

/* An IPv6 address; an IPv4 address as ::ffff:a.b.c.d; a MAC as the last 48 bits of ff00::/80. */
struct name_key {
	uint8_t bytes[16];
};

struct name_entry {
	struct name_key key;
	uint32_t name;	      /* offset into arena; 0: the slot is free */
	uint32_t last_use_s;  /* when last_user used the address: seconds of any clock */
	uint8_t last_user[6]; /* of an address: the MAC of name_table_note_use() */
	uint8_t holder[6]; /* of an address: the MAC that holds it by this file; all zero: none */
	bool shared;	   /* of a MAC: it holds addresses with several names */
	bool domain;	   /* of an address: from name_table_add_domain() */
};

#define NAMES_LEASEFILES 4 /* lease files that one file may name */

struct name_table {
	struct name_entry *slots; /* NULL while the table is empty */
	unsigned bits;		  /* there are 1 << bits slots */
	size_t count;		  /* of used slots */
	size_t host_count;	  /* of count: without addresses whose MAC has the same name */
	char *arena; /* all names, NUL-terminated; begins with a NUL, so that no name is at 0 */
	size_t used, capacity; /* bytes of arena */
	uint32_t last;	       /* offset of the latest name, which the next key may share */
	struct hash_seed seed;
	char *leasefiles[NAMES_LEASEFILES]; /* for free(); NULL behind the last */
};

struct name_key name_key_mac(const uint8_t mac[6]);
struct name_key name_key_address(int family, const void *addr); /* addr: network byte order */
bool name_key_is_mac(const struct name_key *key);

/* The entry of a key, valid until the table changes. NULL: the table has no such key. */
const struct name_entry *name_table_entry(
	const struct name_table *table, const struct name_key *key);

/* The name of an entry of this table, and of a key (NULL: the table has no such key). */
const char *name_table_text(const struct name_table *table, const struct name_entry *entry);
const char *name_table_find(const struct name_table *table, const struct name_key *key);

/*
 * Notes that mac used an address, and when: seconds of any clock. Several machines may have used it
 * one after the other. Returns whether mac is thereby another last user. False where the table does
 * not have the address, or a later use was noted.
 */
bool name_table_note_use(const struct name_table *table, const struct name_key *address,
	const uint8_t mac[6], uint32_t time_s);

/*
 * Sets the name of a key, also where it has one; the rest of its entry stays. name: copied. Returns
 * the entry, or NULL: out of memory.
 */
struct name_entry *name_table_put(
	struct name_table *table, const struct name_key *key, const char *name);

/* Whether both tables have the same keys, with the same names and holders, and lease files. */
bool name_table_equal(const struct name_table *a, const struct name_table *b);

/* Frees what the table holds, not the struct itself. */
void name_table_free(struct name_table *table);

#endif
