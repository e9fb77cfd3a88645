/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the kernel at this moment: which classifier on which device, with which settings. */
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
	unsigned net; /* its network number */
	enum snapshot_hook_kind kind;
	bool present;		    /* the device is there */
	bool failure_logged;	    /* that it is not there, or that its hook failed */
	bool truncated_logged;	    /* that it has too many devices below */
	bool macs_truncated_logged; /* that the router has too many MAC addresses there */
};

/* A classifier on one device for one tracked interface: both its hooks. */
struct installed_hook {
	char device[16];
	unsigned ifindex;
	unsigned net; /* network number of the tracked interface */
	bool attached;
	bool uploads_only; /* another program's ingress qdisc leaves no egress hook */
	enum snapshot_hook_kind kind;
	/* That qdisc went. Until this time (CLOCK_MONOTONIC) the device is left to its program,
	 * which may restart; 0: it is not. */
	uint64_t yields_until_ms;
	uint64_t since_s;	 /* when it was attached, as clock_uptime_s() */
	uint64_t device_packets; /* of struct device, when the hook was last seen there */
	struct mz_settings settings;
};

struct installed {
	const struct config *config;
	const char *pin;		      /* directory of the pins, for hook_attach() */
	struct maps *maps;		      /* in which classifiers count */
	struct tracking tracking;	      /* as of the last reconciliation */
	struct installed_link links[MZ_NETS]; /* as config->ifnames */
	struct installed_hook *hooks;	      /* hooks of one interface are adjacent */
	size_t hook_count;
	unsigned *known_devices; /* indices of the devices of the last reconciliation */
	size_t known_device_count;
	uint64_t restored, missed; /* as in struct snapshot */
	uint32_t incomplete;	   /* as in struct snapshot */
	bool list_failed; /* devices, addresses or routes could not be listed, which was logged */
	bool changed;	  /* a hook came or went since outdated hooks were detached */
};

/* Frees what the struct holds, not the struct. The classifiers stay attached. */
void installed_finish(struct installed *installed);

/* Sets or clears a reason why counts are incomplete. */
void installed_set_incomplete(
	struct installed *installed, enum snapshot_incomplete reason, bool is_so);

/* Whether a classifier is on the interface config->ifnames[i] itself. */
bool installed_counts_on(const struct installed *installed, size_t i);

/* installed_counts_on() of all interfaces: bit i is for config->ifnames[i]. */
uint32_t installed_counted(const struct installed *installed);

/*
 * Whether the device is an interface of -i with a classifier, so that routes out of it are tracked.
 * installed: a struct installed, for changes_drain().
 */
bool installed_follows(const void *installed, unsigned ifindex);

#endif
