// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static unsigned bits_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

static size_t bytes_of(int family)
{
	return bits_of(family) / 8;
}

void prefix_mask(const struct prefix *prefix, uint8_t mask[16])
{
	memset(mask, 0, 16);
	for (unsigned bit = 0; bit < prefix->length; bit++)
		mask[bit / 8] |= 0x80 >> bit % 8;
}

static void clear_host_bits(struct prefix *prefix)
{
	uint8_t mask[16];

	prefix_mask(prefix, mask);
	for (size_t i = 0; i < sizeof(mask); i++)
		prefix->addr[i] &= mask[i];
}

/* Returns a number from 0 to bits, or -1. */
static int parse_length(const char *digits, unsigned bits)
{
	unsigned length = 0;

	if (!*digits || strlen(digits) > 3 || digits[strspn(digits, "0123456789")])
		return -1;
	while (*digits)
		length = length * 10 + (unsigned)(*digits++ - '0');
	return length <= bits ? (int)length : -1;
}

const char *prefix_parse(const char *text, int family, bool bare, struct prefix *prefix)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	struct prefix parsed = {.family = AF_INET};
	char address[INET6_ADDRSTRLEN];
	int bits;

	if (length >= sizeof(address))
		length = 0; /* too long: inet_pton() refuses an empty address, too */
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(AF_INET, address, parsed.addr) != 1) {
		parsed.family = AF_INET6;
		if (inet_pton(AF_INET6, address, parsed.addr) != 1)
			parsed.family = AF_UNSPEC;
	}
	if (parsed.family == AF_UNSPEC || (family != AF_UNSPEC && family != parsed.family))
		return family == AF_INET    ? "an IPv4 address"
		       : family == AF_INET6 ? "an IPv6 address"
					    : "an IPv4 or IPv6 address";
	if (!slash && !bare)
		return "address/mask";
	bits = slash ? parse_length(slash + 1, bits_of(parsed.family))
		     : (int)bits_of(parsed.family);
	if (bits < 0)
		return parsed.family == AF_INET ? "a mask from 0 to 32" : "a mask from 0 to 128";
	parsed.length = (uint8_t)bits;
	clear_host_bits(&parsed);
	*prefix = parsed;
	return NULL;
}

struct prefix prefix_of_address(int family, const void *addr)
{
	struct prefix prefix = {.family = (uint8_t)family, .length = (uint8_t)bits_of(family)};

	memcpy(prefix.addr, addr, bytes_of(family));
	return prefix;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->length == b->length &&
	       memcmp(a->addr, b->addr, bytes_of(a->family)) == 0;
}

bool prefix_has(const struct prefix *outer, int family, const void *addr)
{
	const uint8_t *inner = addr;
	uint8_t mask[16];

	if (outer->family != family)
		return false;
	prefix_mask(outer, mask);
	for (size_t i = 0; i < bytes_of(family); i++)
		if ((inner[i] & mask[i]) != outer->addr[i])
			return false;
	return true;
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return inner->length >= outer->length && prefix_has(outer, inner->family, inner->addr);
}

char *prefix_format(const struct prefix *prefix, char text[PREFIX_STRLEN])
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(prefix->family, prefix->addr, address, sizeof(address));
	snprintf(text, PREFIX_STRLEN, "%s/%u", address, prefix->length);
	return text;
}
