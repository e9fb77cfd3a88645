/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_NAMES_DUID_H
#define MZ_NAMES_DUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the MAC in a DHCPv6 client's identifier: DUID-LLT and DUID-LL of Ethernet (RFC 8415, 11.2
 * and 11.4). text: length bytes, hexadecimal digits with or without colons between bytes. Returns
 * false, and leaves mac as it is, for any other text.
 */
bool duid_mac(const char *text, size_t length, uint8_t mac[6]);

#endif
