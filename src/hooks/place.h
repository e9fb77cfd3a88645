/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of reconcile_hooks(): the hooks at one place (net/topology.h). */
#ifndef MZ_HOOKS_PLACE_H
#define MZ_HOOKS_PLACE_H

#include "hooks/installed.h"
#include "net/addresses.h"
#include "net/devices.h"
#include "net/routes.h"
#include "net/topology.h"

/* The working data of one reconciliation. */
struct place_work {
	const struct device *devices;
	size_t device_count;
	const struct address *own;
	size_t own_count;
	struct route *routes; /* out of interfaces of -i */
	size_t route_count;
	struct installed_hook *hooks; /* as they are after it */
	size_t count, room;
	/* of any device: SNAPSHOT_HOOK_FAILED, _INGRESS_QDISC, _XDP and _ADDRESSES */
	bool failed, ingress, xdp, addresses;
	int program[MZ_DIRECTIONS];  /* the classifier that was loaded last; -1: none */
	struct mz_settings settings; /* its settings */
};

/* Zeroes work; place_end() closes what the steps opened. */
void place_begin(struct place_work *work);
void place_end(struct place_work *work);

/* Appends a zeroed hook to work, which is valid until the next call. NULL: no memory. */
struct installed_hook *place_add(struct place_work *work);

/*
 * Makes the hooks at one place what they should be, and appends them to work. place: its index in
 * the topology. settings: the tracked interface's. Logs once what failed on a device below that
 * interface, and notes in installed and work why counts are incomplete. Returns 0; -ENODEV where
 * the device has just gone; or another -errno.
 */
int place_reconcile(struct installed *installed, struct place_work *work,
	const struct topology *topology, size_t place, const struct mz_settings *settings);

/* Describes an error of place_reconcile(). A constant string, or strerror()'s. */
const char *place_explain(int error);

#endif
