/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's tables: made, pinned and read here. */
#ifndef MZ_MAPS_H
#define MZ_MAPS_H

#include "tally.h"

struct maps {
	int hosts4, hosts6, unattributed, nets; /* file descriptors */
	unsigned capacity;			/* of hosts4 and of hosts6, each */
	void *scratch;				/* what maps_read() needs, made by maps_open() */
};

/*
 * Opens the tables pinned in the directory pin, or makes and pins those that are not there; with
 * pin NULL they are made and not pinned. max_hosts: addresses a family; tables that exist keep
 * their size, which is then in capacity. Returns 0 or -errno, with nothing left open.
 */
int maps_open(struct maps *maps, const char *pin, unsigned max_hosts);
void maps_close(struct maps *maps);

/* The number of an interface in keys; a new one is given to a new name. -ENOSPC when all are. */
int maps_net(const struct maps *maps, const char *ifname);

/* Adds up all CPUs' counts into tally, sorted. Returns 0 or -errno. */
int maps_read(struct maps *maps, struct tally *tally);

#endif
