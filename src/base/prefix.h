/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_PREFIX_H
#define MZ_BASE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A subnet: an address and a prefix length. Its host bits are always zero. */
struct prefix {
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t length;	  /* 0-32 or 0-128 */
	uint8_t addr[16]; /* network byte order; IPv4 uses the first four */
};

#define PREFIX_STRLEN 50 /* the longest IPv6 address, '/', three digits, NUL; rounded up */

/*
 * Reads "address/length", and clears the host bits. family: AF_INET, AF_INET6, or AF_UNSPEC for
 * either. bare: the text may also be an address without a length. Returns NULL; or, where the text
 * is something else, what was expected: a constant string for an error message.
 */
const char *prefix_parse(const char *text, int family, bool bare, struct prefix *prefix);

/* The prefix of addr alone: of length 32 or 128. addr: network byte order, 4 or 16 bytes. */
struct prefix prefix_of_address(int family, const void *addr);

bool prefix_equal(const struct prefix *a, const struct prefix *b);

/* Whether addr lies within outer. addr: of that family, network byte order. */
bool prefix_has(const struct prefix *outer, int family, const void *addr);
/* Whether all of inner lies within outer. */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);

/* Writes the netmask: 16 bytes, of which IPv4 uses the first four; network byte order. */
void prefix_mask(const struct prefix *prefix, uint8_t mask[16]);

/* Writes "address/length" and returns text. */
char *prefix_format(const struct prefix *prefix, char text[PREFIX_STRLEN]);

#endif
