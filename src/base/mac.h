/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_MAC_H
#define MZ_BASE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether all of text (length bytes) is a MAC: six bytes of one or two hexadecimal digits of any
 * case with colons between, as dnsmasq and ether_aton(3) read them. mac is undefined if not.
 */
bool mac_parse(const char *text, size_t length, uint8_t mac[6]);

/* What a hexadecimal digit of any case stands for, or -1. */
int mac_hex_digit(char c);

#endif
