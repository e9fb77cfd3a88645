/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names in one file: a hash table with open addressing, and the text all its slots point into.
 * Keys are MACs and addresses. Filled by name_table_add() and its like.
 * A new table is all zeros but for its seed.
 */
#ifndef MZ_NAMES_NAME_TABLE_H
#define MZ_NAMES_NAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "names/name_table_add.h"

/* An IPv6 address; an IPv4 one as ::ffff:0:0/96 has it; a MAC as an address of ff00::/80. */
struct name_key {
	uint8_t bytes[16];
};

struct name_entry {
	struct name_key key;
	uint32_t name;	      /* for name_table_text(); 0: the slot is free */
	uint32_t last_use_s;  /* when last_user used the address: seconds of any clock */
	uint8_t last_user[6]; /* of an address: the MAC of name_table_note_use() */
	uint8_t holder[6]; /* of an address: whose it is by that file; all zero: it does not tell */
	bool shared;	   /* of a MAC: it holds addresses of several names */
	bool domain;	   /* of an address: it counts as one in a hosts file */
};

#define NAMES_LEASEFILES 4

struct name_table {
	struct name_entry *slots; /* NULL while the table is empty */
	unsigned bits;		  /* of the number of slots */
	size_t count;
	size_t host_count; /* of count: without addresses whose MAC has the same name */
	char *arena;	   /* begins with a NUL, so that 0 is no name's offset */
	size_t used, capacity;
	uint32_t last; /* the latest name: a host with many MACs is stored once */
	struct hash_seed seed;
	char *leasefiles[NAMES_LEASEFILES]; /* that the file names; NULL behind the last */
};

struct name_key name_key_mac(const uint8_t mac[6]);
struct name_key name_key_address(int family, const void *addr);
bool name_key_is_mac(const struct name_key *key);

/* What the table knows of a key, and under which name, valid until it changes; or NULL. */
const struct name_entry *name_table_entry(
	const struct name_table *table, const struct name_key *key);
const char *name_table_text(const struct name_table *table, const struct name_entry *entry);
const char *name_table_find(const struct name_table *table, const struct name_key *key);

/*
 * Several machines may have used an address one after the other: notes that one did, at that time
 * (any unit). Returns whether that makes it the last one, and it was not; false where the table
 * does not know the address.
 */
bool name_table_note_use(const struct name_table *table, const struct name_key *address,
	const uint8_t mac[6], uint32_t time_s);

/* The name of a key, also where it has one; the rest of its entry is as it was. NULL: no memory. */
struct name_entry *name_table_put(
	struct name_table *table, const struct name_key *key, const char *name);

/* Whether both have the same names for the same keys, the same holders, and lease files. */
bool name_table_equal(const struct name_table *a, const struct name_table *b);

/* Frees what the table holds, not the table. */
void name_table_free(struct name_table *table);

#endif
