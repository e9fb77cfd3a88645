/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_ADDRESSES_H
#define MZ_ADDRESSES_H

#include "prefix.h"

/*
 * Every address this machine holds, on any interface, as /32 and /128 prefixes. *list is
 * allocated; the caller frees it. Returns how many there are, or -errno.
 */
int addresses_own(struct prefix **list);

#endif
