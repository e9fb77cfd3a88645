/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's tables (include/tables.h): makes, pins and maps them. */
#ifndef MZ_TABLES_MAPS_H
#define MZ_TABLES_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tables.h"

/* The maps of a layout; maps_names has their names in the kernel and in the pin directory. */
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
	MAPS_NAMES /* their number */
};

struct maps {
	int fd[MAPS_NAMES];
	unsigned capacity;	/* addresses per family: --max-hosts */
	unsigned cpus;		/* 1 more than the highest CPU number: of mz_counts */
	unsigned possible;	/* possible CPUs: values per key of a per-CPU map */
	unsigned family_slots;	/* slots per family: capacity + cpus, see struct mz_slot */
	unsigned index_entries; /* a power of two */
	uint64_t kernel_bytes;	/* memory that all maps take */
	/* the kernel's own memory, mapped */
	struct mz_slot *slots;	  /* family_slots for IPv4, then as many for IPv6 */
	struct mz_counts *counts; /* of all slots for CPU 0, then for CPU 1 and so on */
	/* a copy of map mz_nets, which only this process changes */
	struct mz_net nets[MZ_NETS];
};

extern const char maps_names[MAPS_NAMES][16];

/* Sets maps to what maps_close() leaves: nothing is open. */
void maps_init(struct maps *maps);

/*
 * Opens the maps pinned in the directory pin. Where one of them is missing, makes and pins new
 * maps; with pin NULL, makes maps without pinning them. max_hosts: addresses per family. nets:
 * MZ_NETS entries of mz_nets that new maps start with, or NULL. Returns 0; -EUCLEAN where a pinned
 * map is not of the right shape; or another -errno. After an error nothing is open.
 */
int maps_open(struct maps *maps, const char *pin, unsigned max_hosts, const struct mz_net *nets);
void maps_close(struct maps *maps);

/*
 * The network number of an interface. A new name gets a free number. Returns it; -ENOSPC where no
 * number is free; or another -errno.
 */
int maps_net(struct maps *maps, const char *ifname);

/* The family of a slot: AF_INET or AF_INET6. */
int maps_family(const struct maps *maps, uint32_t number);

/*
 * Deletes the key of a slot, so that classifiers no longer find it. Where that was done before,
 * does nothing. Returns 0 or -errno.
 */
int maps_delete_key(const struct maps *maps, uint32_t number);

/*
 * Zeroes the counts of a slot whose key is deleted, and makes it available again. Returns 0 or
 * -errno.
 */
int maps_free_slot(struct maps *maps, uint32_t number);

/* Waits until all classifiers that run at this moment have ended. */
void maps_wait_for_classifiers(void);

#endif
