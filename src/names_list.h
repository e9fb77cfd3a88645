/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of one source: a hash table with open addressing, and the text all its slots point
 * into. Filled by names_list_add() of names.h. A new list is all zeros but for its seed.
 */
#ifndef MZ_NAMES_LIST_H
#define MZ_NAMES_LIST_H

#include "names.h"

struct names_list {
	struct slot *slots; /* NULL while the list is empty */
	unsigned bits;	    /* of the number of slots */
	size_t count;
	char *arena; /* begins with a NUL, so that 0 is no name's offset */
	size_t used, capacity;
	uint32_t last;	  /* the latest name: a host with many MACs is stored once */
	uint64_t seed[2]; /* hosts choose their MACs, and must not choose the slots with them */
};

/* The name of a MAC, valid until the list changes, or NULL. */
const char *names_list_find(const struct names_list *list, const uint8_t mac[6]);

/* Whether both have the same names for the same MACs. */
bool names_list_equal(const struct names_list *a, const struct names_list *b);

/* Frees what the list holds, not the list. */
void names_list_free(struct names_list *list);

#endif
