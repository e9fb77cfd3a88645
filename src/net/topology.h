/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices that packets of a tracked interface pass. A bridge's packets pass its ports, too, and
 * a VLAN's packets the device that carries it. A flowtable may take packets past the tracked
 * interface itself. So a classifier is needed on each of these devices, which are called places.
 */
#ifndef MZ_NET_TOPOLOGY_H
#define MZ_NET_TOPOLOGY_H

#include <stddef.h>

#include "net/devices.h"
#include "settings.h"

#define TOPOLOGY_PLACES 64 /* per tracked interface */

/* A device where a classifier is needed. Fields from depth on are as in struct mz_settings. */
struct topology_place {
	const struct device *device; /* in the list given to topology_find() */
	unsigned depth;
	uint16_t pvid;
	uint8_t port_tags, tag_count;
	uint16_t tag[MZ_TAGS];
	uint32_t mac_count;
	struct mz_mac mac[MZ_MACS];
};

struct topology {
	struct topology_place place[TOPOLOGY_PLACES]; /* the first is the tracked interface */
	size_t place_count;
	bool truncated; /* there are more than TOPOLOGY_PLACES */
	bool own_below; /* set by the caller: places below count the router's own traffic, too */
	bool macs_truncated; /* the router has more than MZ_MACS MACs at one place */
	uint32_t vlan_count; /* as in struct mz_settings */
	uint16_t vlan[MZ_VLANS];
};

/*
 * Finds the places of the tracked interface called name among count devices, which have to outlive
 * topology. tracked: the names of all tracked interfaces. Returns 0, or -ENODEV where there is no
 * such device.
 */
int topology_find(struct topology *topology, const struct device *devices, size_t count,
	const char *name, const char (*tracked)[16], size_t tracked_count);

/* Completes the settings of the tracked interface for the place of that index. */
void topology_apply(const struct topology *topology, size_t place, struct mz_settings *settings);

#endif
