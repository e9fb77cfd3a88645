/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of reconcile_hooks(): the classifier on one device. */
#ifndef MZ_HOOKS_PLACE_H
#define MZ_HOOKS_PLACE_H

#include "hooks/installed.h"
#include "net/addresses.h"
#include "net/devices.h"
#include "net/routes.h"
#include "net/topology.h"

/* What one reconciliation works with. */
struct place_work {
	const struct device *devices;
	size_t device_count;
	const struct address *own;
	size_t own_count;
	struct route *routes; /* out of interfaces of -i */
	size_t route_count;
	struct installed_hook *hooks; /* as they are to be */
	size_t count, room;
	bool failed, ingress, xdp,
		addresses;	     /* of any device on the way: see enum snapshot_incomplete */
	int program[MZ_DIRECTIONS];  /* the last that was loaded, */
	struct mz_settings settings; /* with these */
};

void place_begin(struct place_work *work);
void place_end(struct place_work *work);

/* Room for one more hook, zeroed. NULL: no memory. */
struct installed_hook *place_add(struct place_work *work);

/*
 * Makes the hook on one device of the topology what it should be, and adds it to work. settings:
 * those of the tracked interface. Logs once what failed on devices below it, and says what made
 * counts wrong in installed and work. Returns 0 or -errno, -ENODEV where the device has just gone.
 */
int place_reconcile(struct installed *installed, struct place_work *work,
	const struct topology *topology, size_t place, const struct mz_settings *settings);

/* The words for an error of place_reconcile(). A constant string, or strerror()'s. */
const char *place_explain(int error);
#endif
