/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses are tracked, the router's own, or on the internet, by the settings. */
#ifndef MZ_MATCH_H
#define MZ_MATCH_H

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "scope.h"
#include "settings.h"

const volatile struct mz_settings mz_settings;

static __always_inline bool is_tracked4(__u32 addr)
{
#pragma unroll /* the settings are constants: the verifier drops the rounds beyond the count */
	for (__u32 i = 0; i < MZ_PREFIXES && i < mz_settings.prefix4_count; i++) {
		const volatile struct mz_prefix4 *p = &mz_settings.prefix4[i];

		if ((addr & p->mask) == p->addr)
			return addr != p->broadcast;
	}
	return false;
}

/*
 * Whether an address that is_tracked4() refused is a host behind this interface all the same: its
 * traffic is reported as untracked. Not so the broadcast address of a tracked prefix. Not so the
 * hosts of another tracked interface either: a port may have moved to that bridge a moment ago, and
 * the daemon does not know it yet.
 */
static __noinline int is_untracked_host4(__u32 addr)
{
	if (!mz_forwarded4(bpf_ntohl(addr)))
		return false;
	for (__u32 i = 0; i < MZ_PREFIXES && i < mz_settings.prefix4_count; i++)
		if (addr == mz_settings.prefix4[i].broadcast)
			return false;
	for (__u32 i = 0; i < MZ_OTHERS && i < mz_settings.other4_count; i++)
		if ((addr & mz_settings.other4[i].mask) == mz_settings.other4[i].addr)
			return false;
	return true;
}

/* Whether it is the router's own address in a tracked prefix. */
static __always_inline bool is_router4(__u32 addr)
{
	for (__u32 i = 0, count = mz_settings.own4_count; i < count; i++)
		if (addr == mz_settings.own4[i])
			return true;
	return false;
}

static __always_inline bool is_internet4(__u32 addr)
{
	if (!mz_global4(bpf_ntohl(addr)))
		return false;
	for (__u32 i = 0, count = mz_settings.local4_count; i < count; i++) {
		const volatile struct mz_prefix4 *p = &mz_settings.local4[i];

		if ((addr & p->mask) == p->addr)
			return false;
	}
	return true;
}

static __always_inline bool is_inside6(const __u32 *addr, const volatile struct mz_prefix6 *p)
{
	if ((addr[0] & p->mask[0]) != p->addr[0] || (addr[1] & p->mask[1]) != p->addr[1])
		return false;
	return !p->mask[2] || /* few prefixes are longer than 64 bits */
	       ((addr[2] & p->mask[2]) == p->addr[2] && (addr[3] & p->mask[3]) == p->addr[3]);
}

static __always_inline bool is_untracked_host6(const __u32 *addr)
{
	if (!mz_forwarded6(
		    bpf_ntohl(addr[0]), bpf_ntohl(addr[1]), bpf_ntohl(addr[2]), bpf_ntohl(addr[3])))
		return false;
	for (__u32 i = 0; i < MZ_OTHERS && i < mz_settings.other6_count; i++)
		if (is_inside6(addr, &mz_settings.other6[i]))
			return false;
	return true;
}

static __always_inline bool is_tracked6(const __u32 *addr)
{
#pragma unroll /* as in is_tracked4() */
	for (__u32 i = 0; i < MZ_PREFIXES && i < mz_settings.prefix6_count; i++)
		if (is_inside6(addr, &mz_settings.prefix6[i]))
			return true;
	return false;
}

static __always_inline bool is_router6(const __u32 *addr)
{
	for (__u32 i = 0, count = mz_settings.own6_count; i < count; i++) {
		const volatile __u32 *self = mz_settings.own6[i];

		/* the last word is the one that differs within a LAN */
		if (addr[3] == self[3] && addr[2] == self[2] && addr[1] == self[1] &&
			addr[0] == self[0])
			return true;
	}
	return false;
}

static __always_inline bool is_internet6(const __u32 *addr)
{
	if (!mz_global6(
		    bpf_ntohl(addr[0]), bpf_ntohl(addr[1]), bpf_ntohl(addr[2]), bpf_ntohl(addr[3])))
		return false;
	for (__u32 i = 0, count = mz_settings.local6_count; i < count; i++)
		if (is_inside6(addr, &mz_settings.local6[i]))
			return false;
	return true;
}

#endif
