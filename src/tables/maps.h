/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's tables: made, pinned and read here. */
#ifndef MZ_TABLES_MAPS_H
#define MZ_TABLES_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tables.h"

/* As the classifier names them, see layout.h. */
enum maps_name {
	MAPS_HOSTS4,
	MAPS_HOSTS6,
	MAPS_SPARE4,
	MAPS_SPARE6,
	MAPS_SLOTS,
	MAPS_COUNTS,
	MAPS_INDEX,
	MAPS_LAST_SEEN,
	MAPS_UNATTRIBUTED,
	MAPS_NETS,
	MAPS_GEOMETRY,
	MAPS_NAMES
};

struct maps {
	int fd[MAPS_NAMES];
	unsigned capacity;	/* addresses a family */
	unsigned cpus;		/* numbers that a CPU may have: some may be nobody's */
	unsigned possible;	/* CPUs: so many values has a per-CPU map */
	unsigned family_slots;	/* one more than capacity for each CPU: see layout.h */
	unsigned index_entries; /* a power of two */
	uint64_t kernel_bytes;	/* that all of them take */
	/* the kernel's own memory */
	struct mz_slot *slots;	  /* family_slots for IPv4, then for IPv6 */
	struct mz_counts *counts; /* cpus times as many */
	/* as the kernel has them: nobody else writes there */
	struct mz_net nets[MZ_NETS];
};

extern const char maps_names[MAPS_NAMES][16];

/* Nothing opened, as maps_close() leaves it. */
void maps_init(struct maps *maps);

/*
 * Opens the tables pinned in the directory pin, or makes and pins them where not all are there;
 * with pin NULL they are made and not pinned. max_hosts: addresses a family. nets: the numbers of
 * interfaces that new tables begin with, MZ_NETS of them, or NULL. Returns 0; -EUCLEAN where what
 * is pinned there is not such tables; or another -errno. Nothing is left open then.
 */
int maps_open(struct maps *maps, const char *pin, unsigned max_hosts, const struct mz_net *nets);
void maps_close(struct maps *maps);

/* The number of an interface in keys; a new one is given to a new name. -ENOSPC when all are. */
int maps_net(struct maps *maps, const char *ifname);

/* AF_INET or AF_INET6: whose half of the slots the number is in. */
int maps_family(const struct maps *maps, uint32_t number);

/* Has the classifier find the slot no more. To be called again after a crash, it does no harm. */
int maps_delete_key(const struct maps *maps, uint32_t number);

/* Empties a slot that nobody finds and makes it available again. */
int maps_free_slot(struct maps *maps, uint32_t number);

/* Waits until no classifier that runs at this moment still does. */
void maps_wait_for_classifiers(void);

#endif
