/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capabilities of this process: capabilities(7), without a library. */
#ifndef MZ_BASE_CAPABILITIES_H
#define MZ_BASE_CAPABILITIES_H

#include <linux/capability.h>
#include <stdint.h>

#define CAPABILITY(number) (UINT64_C(1) << (number)) /* of CAP_NET_ADMIN and so on: its bit */

struct capabilities {
	uint64_t effective, permitted;
};

/* Returns 0 or -errno. */
int capabilities_get(struct capabilities *capabilities);

/*
 * Gives up, for good, what is not in permitted. None is inheritable, and so none ambient. Returns 0
 * or -errno.
 */
int capabilities_set(uint64_t effective, uint64_t permitted);

#endif
