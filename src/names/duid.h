/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NAMES_DUID_H
#define MZ_NAMES_DUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The MAC in a DHCPv6 client's identifier (RFC 8415, 11.2 and 11.4: DUID-LLT and DUID-LL) where it
 * has an Ethernet one. text: hexadecimal digits, colons between bytes or not. Writes mac only where
 * it returns true.
 */
bool duid_mac(const char *text, size_t length, uint8_t mac[6]);

#endif
