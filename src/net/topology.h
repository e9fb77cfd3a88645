/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the packets of a tracked interface pass. Those of a bridge pass its ports, too, and those
 * of a VLAN the device that carries it, and a flowtable leads them past the tracked interface: so
 * each of these devices is a place for a classifier.
 */
#ifndef MZ_NET_TOPOLOGY_H
#define MZ_NET_TOPOLOGY_H

#include <stddef.h>

#include "net/devices.h"
#include "settings.h"

#define TOPOLOGY_PLACES 64 /* of one tracked interface */

struct topology_place {
	const struct device *device;
	unsigned depth; /* devices from here up to the tracked interface */
	uint16_t pvid;	/* as in struct mz_settings, and all below */
	uint8_t port_tags, tag_count;
	uint16_t tag[MZ_TAGS];
	uint32_t mac_count;
	struct mz_mac mac[MZ_MACS];
};

struct topology {
	struct topology_place place[TOPOLOGY_PLACES]; /* the first: the tracked interface */
	size_t place_count;
	bool cut;	 /* there were more than TOPOLOGY_PLACES */
	bool below_only; /* set by the caller: the tracked interface itself sees no downloads */
	bool macs_cut;	 /* the router has more than MZ_MACS MACs on one of them */
	uint32_t vlan_count;
	uint16_t vlan[MZ_VLANS];
};

/*
 * Finds the places of the device of that name among count devices. tracked: the names of all
 * tracked interfaces. Points into devices. Returns 0, or -ENODEV where there is no such device.
 */
int topology_find(struct topology *topology, const struct device *devices, size_t count,
	const char *name, const char (*tracked)[16], size_t tracked_count);

/* Completes the settings of the tracked interface for one of its places. */
void topology_apply(const struct topology *topology, size_t place, struct mz_settings *settings);

#endif
