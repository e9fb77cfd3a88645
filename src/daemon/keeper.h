/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side of the daemon: keeps classifiers attached with settings that fit, and reads
 * what they count. Its product is the snapshot; it knows no output.
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
#include "tables/maps.h"
#include "tables/pins.h"
#include "tables/retire.h"

struct keeper {
	const struct config *config;
	struct pins pins;
	struct maps maps;
	struct archive archive;
	struct counters counters;
	struct retire retire;
	struct tally tally;
	struct installed installed;
	struct names *names;
	struct process_usage process;
	struct snapshot_shared *shared;
	const struct snapshot *snapshot; /* the latest, in there; NULL: none yet */
	const uint64_t
		*exporter_restarts; /* as in struct snapshot; the caller sets and counts it */
	uint64_t started_s;	    /* as clock_uptime_s() */
	uint64_t pulled_ms;	    /* CLOCK_MONOTONIC, as the next two */
	uint64_t reconciled_ms;
	uint64_t full_told_ms; /* when it was logged that a table is full */
	uint64_t full;	       /* packets that found no room, as of then */
	bool failing;	       /* the last pull failed, and that was logged */
	bool retire_failing;   /* the same for making room */
	bool import_failing;   /* the same for taking over what another layout counted */
	bool imported;	       /* nothing is left of other layouts */
};

/*
 * Attaches to every interface of config. keeper: zeroed but for exporter_restarts. names and
 * shared, where snapshots are made: kept by the caller. On failure one line is logged and nothing
 * this call made is left in the kernel. Returns 0 or -errno.
 */
int keeper_start(struct keeper *keeper, const struct config *config, struct names *names,
	struct snapshot_shared *shared);

/* Lets go of all memory and descriptors. The classifiers stay attached and go on counting. */
void keeper_stop(struct keeper *keeper);

/* After a change of links or addresses: hooks what came back, changes what has to change. */
void keeper_reconcile(struct keeper *keeper);

/* Notes which flowtable hands flows to the hardware, or that none (NULL) does, and logs a change.
 */
void keeper_set_offloaded(struct keeper *keeper, const char *flowtable);

/* Reads the kernel's counters into a new snapshot. Returns 0, or -errno: the old one stays. */
int keeper_pull(struct keeper *keeper);

/* The latest snapshot, after a pull if it is older than max_age_ms; valid until the next pull. */
const struct snapshot *keeper_fresh(struct keeper *keeper, unsigned max_age_ms);

/* Removes what earlier daemons left in the kernel. Logs a line on failure. Returns 0 or -errno. */
int keeper_unload(const char *pin);

#endif
