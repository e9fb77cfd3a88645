/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side of the daemon: keeps classifiers attached with the right settings, and reads
 * their counters. It makes the snapshots, and knows no output.
 */
#ifndef MZ_DAEMON_KEEPER_H
#define MZ_DAEMON_KEEPER_H

#include "config/config.h"
#include "hooks/installed.h"
#include "model/process_usage.h"
#include "model/snapshot.h"
#include "model/snapshot_shared.h"
#include "names/names.h"
#include "tables/archive.h"
#include "tables/counters.h"
#include "tables/identity.h"
#include "tables/maps.h"
#include "tables/pins.h"
#include "tables/retire.h"

struct keeper {
	const struct config *config;
	struct pins pins;
	struct maps maps;
	struct identity identity;
	struct archive archive;
	struct counters counters;
	struct retire retire;
	struct tally tally;
	struct installed installed;
	struct names *names;
	struct process_usage process;
	struct snapshot_shared *shared;	 /* where snapshots are made */
	const struct snapshot *snapshot; /* the latest one; NULL: none yet */
	/* As in struct snapshot. The caller sets the pointers, and counts. */
	const uint64_t *exporter_restarts, *recorder_restarts;
	uint64_t started_s;	 /* as clock_uptime_s() */
	uint64_t pulled_ms;	 /* monotonic, as the next two */
	uint64_t reconciled_ms;	 /* when hooks were last verified */
	uint64_t full_logged_ms; /* when a full table was last logged */
	uint64_t full;		 /* packets that found no room, as of then */
	bool failing;		 /* the last pull failed, and that was logged */
	bool retire_failing;	 /* the same for making room */
	bool import_failing;	 /* the same for taking over counts of another layout */
	bool has_others;	 /* there were other layouts at the start */
	bool imported;		 /* no counts of other layouts are left */
};

/*
 * Attaches to every interface of config. keeper: zeroed but for the pointers to restarts. config,
 * names and shared: kept by the caller. On failure, logs one line and leaves nothing of this call
 * in the kernel. Returns 0 or -errno.
 */
int keeper_start(struct keeper *keeper, const struct config *config, struct names *names,
	struct snapshot_shared *shared);

/* Frees all memory and descriptors. The classifiers stay attached and go on counting. */
void keeper_stop(struct keeper *keeper);

/*
 * To be called after a change of links, addresses or routes: attaches to what came back, and
 * changes settings that no longer fit.
 */
void keeper_reconcile(struct keeper *keeper);

/* Reads the kernel's counters into a new snapshot. Returns 0, or -errno: the old one stays. */
int keeper_pull(struct keeper *keeper);

/* The latest snapshot, after a pull if it is older than max_age_ms; valid until the next pull. */
const struct snapshot *keeper_fresh(struct keeper *keeper, unsigned max_age_ms);

#endif
