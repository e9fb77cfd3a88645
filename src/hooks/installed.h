/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the kernel at this moment: which classifier is on which device, and with what
 * settings. */
#ifndef MZ_HOOKS_INSTALLED_H
#define MZ_HOOKS_INSTALLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "hooks/tracking.h"
#include "model/snapshot.h"
#include "settings.h"
#include "tables/maps.h"

/* One tracked interface. */
struct installed_link {
	unsigned net; /* its number in keys */
	enum snapshot_hook_kind kind;
	bool present;
	bool missed;   /* its absence or a failure was logged */
	bool cut;      /* that it has too many devices below was logged */
	bool macs_cut; /* the same for MAC addresses of the router */
};

/* A classifier on one device for one tracked interface, on both hooks. */
struct installed_hook {
	char device[16];
	unsigned ifindex, net;
	bool attached;
	bool half; /* on uploads' alone: another program's ingress qdisc has no other */
	enum snapshot_hook_kind kind;
	uint64_t yields_ms; /* CLOCK_MONOTONIC: until when it is left to that program; 0: it is not
			     */
	uint64_t since_s;   /* as clock_uptime_s() */
	uint64_t moved;	    /* packets of the device when the hook was last seen there */
	struct mz_settings settings;
};

struct installed {
	const struct config *config;
	const char *pin;		      /* the directory of the pins, for hook_attach() */
	struct maps *maps;		      /* that classifiers count in */
	struct tracking tracking;	      /* as of the last reconciliation */
	struct installed_link links[MZ_NETS]; /* as config->ifnames */
	struct installed_hook *hooks;	      /* those of one interface follow each other */
	size_t hook_count;
	unsigned *known; /* indices of the devices of the last reconciliation */
	size_t known_count;
	uint64_t restored, missed; /* as in struct snapshot, and so is the next */
	uint32_t incomplete;
	bool blind;   /* devices could not be listed, and that was logged */
	bool changed; /* a hook came or went: others may have to go */
};

/* Frees what the struct holds, not the struct. The classifiers stay attached. */
void installed_finish(struct installed *installed);

/* Notes that counts are wrong for a reason, or no longer. */
void installed_set_incomplete(
	struct installed *installed, enum snapshot_incomplete reason, bool is_so);

/* Whether a classifier is on the interface, of that number in config->ifnames, itself. */
bool installed_counts_on(const struct installed *installed, size_t i);

/* A bit for each of config->ifnames: installed_counts_on(). */
uint32_t installed_counted(const struct installed *installed);

/*
 * Whether a classifier is on that interface of -i, which tracks what is routed out of it.
 * installed: a struct installed, as changes_drain() hands it on.
 */
bool installed_follows(const void *installed, unsigned ifindex);

#endif
