/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_PREFIX_H
#define MZ_BASE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address with a prefix length; host bits are always zero. */
struct prefix {
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t length;	  /* 0-32 or 0-128 */
	uint8_t addr[16]; /* network byte order; IPv4 uses the first four */
};

#define PREFIX_STRLEN 50 /* the longest IPv6 address, '/', three digits, NUL; rounded up */

/*
 * Reads "address/length" (host bits allowed, masked off) of either family, or of the given one
 * where family is not AF_UNSPEC. Where bare is true the length may be missing: a single address.
 * Returns NULL, or what was expected instead, as a constant string for an error message.
 */
const char *prefix_parse(const char *text, int family, bool bare, struct prefix *prefix);

/* The one address addr (network byte order, 4 or 16 bytes) as a prefix. */
struct prefix prefix_of_address(int family, const void *addr);

bool prefix_equal(const struct prefix *a, const struct prefix *b);

/* Whether addr (of the given family, network byte order) or all of inner lies within outer. */
bool prefix_has(const struct prefix *outer, int family, const void *addr);
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);

/* Writes length one-bits, then zeros: 4 or 16 bytes, network byte order. */
void prefix_mask(const struct prefix *prefix, uint8_t mask[16]);

/* Writes "address/length" and returns text. */
char *prefix_format(const struct prefix *prefix, char text[PREFIX_STRLEN]);

#endif
