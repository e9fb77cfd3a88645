/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers of HTTP that are always the same: a line of text. */
#ifndef MZ_SERVE_FIXED_H
#define MZ_SERVE_FIXED_H

#include <stdbool.h>

struct MHD_Response;

enum {
	FIXED_HEALTHY,
	FIXED_NOT_FOUND,
	FIXED_NOT_ALLOWED,
	FIXED_NOT_OURS, /* the host is not this machine */
	FIXED_UNAVAILABLE,
	FIXED
};

/* all: zeroed. Returns false where memory is short. Call fixed_destroy() in either case. */
bool fixed_create(struct MHD_Response *all[FIXED]);
void fixed_destroy(struct MHD_Response *all[FIXED]);

#endif
