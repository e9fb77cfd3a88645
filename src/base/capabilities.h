/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capabilities of this process (capabilities(7)), by system calls, without libcap. */
#ifndef MZ_BASE_CAPABILITIES_H
#define MZ_BASE_CAPABILITIES_H

#include <linux/capability.h>
#include <stdint.h>

#define CAPABILITY(number) (UINT64_C(1) << (number)) /* the bit of CAP_NET_ADMIN and its like */

struct capabilities {
	uint64_t effective, permitted;
};

/* Reads both sets of the calling thread. Returns 0 or -errno. */
int capabilities_get(struct capabilities *capabilities);

/*
 * Sets both sets of the calling thread. It cannot get back what permitted lacks. The inheritable
 * set becomes empty, and with it the ambient one. Returns 0 or -errno.
 */
int capabilities_set(uint64_t effective, uint64_t permitted);

#endif
