/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names in one file: a hash table with open addressing, and the text all its slots point into.
 * Keys are MACs and addresses. Filled by names_list_add() and names_list_add_address() of names.h.
 * A new list is all zeros but for its seed.
 */
#ifndef MZ_NAMES_LIST_H
#define MZ_NAMES_LIST_H

#include "hash.h"
#include "names.h"

/* An IPv6 address; an IPv4 one as ::ffff:0:0/96 has it; a MAC as an address of ff00::/80. */
struct names_key {
	uint8_t bytes[16];
};

struct names_list {
	struct slot *slots; /* NULL while the list is empty */
	unsigned bits;	    /* of the number of slots */
	size_t count;
	char *arena; /* begins with a NUL, so that 0 is no name's offset */
	size_t used, capacity;
	uint32_t last; /* the latest name: a host with many MACs is stored once */
	struct hash_seed seed;
};

struct names_key names_key_mac(const uint8_t mac[6]);
struct names_key names_key_address(int family, const void *addr);

/* The name of a key, valid until the list changes, or NULL. */
const char *names_list_find(const struct names_list *list, const struct names_key *key);

/*
 * Several machines may have used an address one after the other: notes that one did, at that time
 * (any unit). Nothing where the list does not know the address.
 */
void names_list_claim(const struct names_list *list, const struct names_key *address,
	const uint8_t mac[6], uint32_t time);

/* As names_list_find(), but only for the machine that used the address last, as far as noted. */
const char *names_list_find_claimed(
	const struct names_list *list, const struct names_key *address, const uint8_t mac[6]);

/*
 * Adds to list the names of those MACs that old has and missing() does not reject, at most room.
 * Where memory runs out, some are left out.
 */
void names_list_keep(struct names_list *list, const struct names_list *old, size_t room,
	bool (*missing)(void *context, const struct names_key *key), void *context);

/* Whether both have the same names for the same keys. */
bool names_list_equal(const struct names_list *a, const struct names_list *b);

/* Frees what the list holds, not the list. */
void names_list_free(struct names_list *list);

#endif
