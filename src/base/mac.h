/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_MAC_H
#define MZ_BASE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a MAC as ether_aton(3) and dnsmasq do: six bytes, each of one or two hexadecimal digits of
 * any case, with colons between. Returns false where the length bytes of text are anything else;
 * mac is undefined then.
 */
bool mac_parse(const char *text, size_t length, uint8_t mac[6]);

/* The value of a hexadecimal digit of any case, or -1. */
int mac_hex_digit(char c);

#endif
