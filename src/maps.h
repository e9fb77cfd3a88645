/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's tables: made, pinned and read here. */
#ifndef MZ_MAPS_H
#define MZ_MAPS_H

#include "tally.h"

/* As the classifier names them, see layout.h. */
enum maps_name {
	MAPS_HOSTS4,
	MAPS_HOSTS6,
	MAPS_SPARE4,
	MAPS_SPARE6,
	MAPS_SLOTS,
	MAPS_COUNTS,
	MAPS_INDEX,
	MAPS_PASSAGES,
	MAPS_UNATTRIBUTED,
	MAPS_NETS,
	MAPS_NAMES
};

struct maps {
	int fd[MAPS_NAMES];
	unsigned capacity;		/* addresses a family */
	unsigned cpus;			/* that the kernel may ever use */
	unsigned family_slots;		/* one more than capacity for each CPU: see layout.h */
	unsigned index_entries;		/* a power of two */
	const struct mz_slot *slots;	/* the kernel's own: family_slots for IPv4, then for IPv6 */
	const struct mz_counts *counts; /* the kernel's own: cpus times as many */
	struct mz_volume *volumes;	/* what maps_read() needs: one a CPU */
};

extern const char *const maps_names[MAPS_NAMES];

/* Nothing opened, as maps_close() leaves it. */
void maps_init(struct maps *maps);

/*
 * Opens the tables pinned in the directory pin, or makes and pins them where not all are there;
 * with pin NULL they are made and not pinned. max_hosts: addresses a family; tables that exist
 * keep their size, which is then in capacity. Returns 0 or -errno, with nothing left open.
 */
int maps_open(struct maps *maps, const char *pin, unsigned max_hosts);
void maps_close(struct maps *maps);

/* The number of an interface in keys; a new one is given to a new name. -ENOSPC when all are. */
int maps_net(const struct maps *maps, const char *ifname);

/* Adds up all CPUs' counts into tally, sorted. Returns 0 or -errno. */
int maps_read(struct maps *maps, struct tally *tally);

#endif
