/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses are never on the internet, whatever the configuration says. Compiled into both
 * the classifier and the daemon.
 */
#ifndef MZ_SCOPE_H
#define MZ_SCOPE_H

#include <linux/types.h>
#include <stdbool.h>

/*
 * Whether an IPv4 address, in host byte order, may be on the internet. False for RFC 1918,
 * 100.64/10 (RFC 6598), 169.254/16 (RFC 3927), 127/8 and 0/8 (RFC 1122), 192.0.0.0/24 (RFC 6890),
 * multicast and broadcast.
 */
static inline __attribute__((always_inline)) bool mz_global4(__u32 a)
{
	switch (a >> 24) {
	case 0:
	case 10:
	case 127:
		return false;
	case 100:
		return a >> 22 != 0x64400000u >> 22;
	case 169:
		return a >> 16 != 0xa9fe;
	case 172:
		return a >> 20 != 0xac1;
	case 192:
		return a >> 16 != 0xc0a8 && a >> 8 != 0xc00000;
	case 255:
		return a != 0xffffffff;
	default:
		return a >> 28 != 0xe;
	}
}

/*
 * Whether an IPv6 address may be on the internet; a to d: its 32-bit words in host byte order.
 * False for ::, ::1, fc00::/7 (RFC 4193), fe80::/10 and ff00::/8 (RFC 4291).
 */
static inline __attribute__((always_inline)) bool mz_global6(__u32 a, __u32 b, __u32 c, __u32 d)
{
	if (a >> 29 == 1) /* 2000::/3, all global unicast addresses assigned today */
		return true;
	if (a >> 25 == 0xfc >> 1 || a >> 22 == 0xfe80 >> 6 || a >> 24 == 0xff)
		return false;
	return (a | b | c) != 0 || d > 1;
}

/*
 * Whether a router forwards packets from and to an address, on the internet or not. False for
 * multicast, link-local, loopback and reserved addresses. Arguments as above.
 */
static inline __attribute__((always_inline)) bool mz_forwarded4(__u32 a)
{
	return a >> 24 != 0 && a >> 24 != 127 && a >> 16 != 0xa9fe && a >> 29 != 7;
}

static inline __attribute__((always_inline)) bool mz_forwarded6(__u32 a, __u32 b, __u32 c, __u32 d)
{
	if (a >> 22 == 0xfe80 >> 6 || a >> 24 == 0xff)
		return false;
	return (a | b | c) != 0 || d > 1;
}

#endif
