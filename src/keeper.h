/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side of the daemon: keeps classifiers attached with settings that fit, and reads
 * what they count. Its product is the snapshot; it knows no output.
 */
#ifndef MZ_KEEPER_H
#define MZ_KEEPER_H

#include "bpffs.h"
#include "config.h"
#include "counters.h"
#include "hooks.h"
#include "maps.h"
#include "names.h"
#include "past.h"
#include "process.h"
#include "retire.h"
#include "shared.h"
#include "snapshot.h"
#include "tracking.h"

/* One tracked interface. */
struct keeper_link {
	unsigned net; /* its number in keys */
	enum snapshot_hook_kind kind;
	bool present;
	bool missed;   /* its absence or a failure was logged */
	bool cut;      /* that it has too many devices below was logged */
	bool macs_cut; /* the same for MAC addresses of the router */
};

/* A classifier on one device for one tracked interface, on both hooks. */
struct keeper_hook {
	char device[16];
	unsigned ifindex, net;
	bool attached;
	bool half; /* on uploads' alone: another program's ingress qdisc has no other */
	enum snapshot_hook_kind kind;
	uint64_t yields_ms; /* CLOCK_MONOTONIC: until when it is left to that program; 0: it is not
			     */
	uint64_t since_s;   /* as keeper_uptime() */
	uint64_t moved;	    /* packets of the device when the hook was last seen there */
	struct mz_settings settings;
};

struct keeper {
	const struct config *config;
	struct bpffs bpffs;
	struct maps maps;
	struct past past;
	struct counters counters;
	struct retire retire;
	struct tally tally;
	struct tracking tracking; /* as of the last reconciliation */
	struct names *names;
	struct process process;
	struct shared *shared;
	const struct snapshot *snapshot;   /* the latest, in there; NULL: none yet */
	struct keeper_link links[MZ_NETS]; /* as config->ifnames */
	struct keeper_hook *hooks;	   /* those of one interface follow each other */
	size_t hook_count;
	unsigned *known; /* indices of the devices of the last reconciliation */
	size_t known_count;
	uint64_t restored, missed;  /* as in struct snapshot, and so is the next */
	uint64_t exporter_restarts; /* counted by the caller */
	uint32_t incomplete;	    /* as in struct snapshot */
	uint64_t started_s;	    /* as keeper_uptime() */
	uint64_t pulled_ms;	    /* CLOCK_MONOTONIC, as the next two */
	uint64_t reconciled_ms;
	uint64_t full_told_ms; /* when it was logged that a table is full */
	uint64_t full;	       /* packets that found no room, as of then */
	bool failing;	       /* the last pull failed, and that was logged */
	bool retire_failing;   /* the same for making room */
	bool import_failing;   /* the same for taking over what another layout counted */
	bool blind;	       /* devices could not be listed, and that was logged */
	bool changed;	       /* a hook came or went: others may have to go */
	bool imported;	       /* nothing is left of other layouts */
};

/*
 * Attaches to every interface of config. keeper: zeroed. names and shared, where snapshots are
 * made: kept by the caller. On failure one line is logged and nothing this call made is left in the
 * kernel. Returns 0 or -errno.
 */
int keeper_start(struct keeper *keeper, const struct config *config, struct names *names,
	struct shared *shared);

/* Lets go of all memory and descriptors. The classifiers stay attached and go on counting. */
void keeper_stop(struct keeper *keeper);

/* After a change of links or addresses: hooks what came back, changes what has to change. */
void keeper_reconcile(struct keeper *keeper);

/* Whether a keeper has a hook on that interface of -i, which tracks what is routed out of it. */
bool keeper_follows(const void *keeper, unsigned ifindex);

/* A bit for each of config->ifnames: whether the classifier hangs on it. */
uint32_t keeper_counted(const struct keeper *keeper);

/* Seconds since boot, suspended ones included. */
uint64_t keeper_uptime(void);

/* Notes which flowtable hands flows to the hardware, or that none (NULL) does, and logs a change.
 */
void keeper_set_offloaded(struct keeper *keeper, const char *flowtable);

/* Notes that counts are wrong for a reason, or no longer. */
void keeper_set_incomplete(struct keeper *keeper, enum snapshot_incomplete reason, bool is_so);

/* Reads the kernel's counters into a new snapshot. Returns 0, or -errno: the old one stays. */
int keeper_pull(struct keeper *keeper);

/* The latest snapshot, after a pull if it is older than max_age_ms; valid until the next pull. */
const struct snapshot *keeper_fresh(struct keeper *keeper, unsigned max_age_ms);

/* Removes what earlier daemons left in the kernel. Logs a line on failure. Returns 0 or -errno. */
int keeper_unload(const char *pin);

#endif
