/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what nlbwmon exports: "nlbw -c json" and "nlbw -c csv", whatever they are grouped by. */
#ifndef MZ_HISTORY_NLBWMON_H
#define MZ_HISTORY_NLBWMON_H

#include <stddef.h>
#include <stdint.h>

#include "counts.h"

#define NLBWMON_ERROR 160 /* room for a line on what is wrong with an export */

/* The traffic of a host and IP version. A host without a MAC (all zero) is its address. */
struct nlbwmon_row {
	uint8_t mac[6];
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t addr[16]; /* network byte order; zero where there is a MAC */
	struct mz_counts counts;
};

struct nlbwmon {
	struct nlbwmon_row *rows; /* each host and version once, in the order of these */
	size_t count;
};

/*
 * text: length bytes, and a NUL behind them. nlbwmon's "rx" is what a host downloads. All sums are
 * below 2^63. Returns 0; -EINVAL with one line in error that says where it is wrong; or -ENOMEM.
 * The caller frees found->rows.
 */
int nlbwmon_read(const char *text, size_t length, struct nlbwmon *found, char error[NLBWMON_ERROR]);

#endif
