// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/topology.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <string.h>

static bool has_link(const struct device *device)
{
	return device->type == ARPHRD_ETHER || device->type == ARPHRD_LOOPBACK;
}

static void add_mac(struct topology *topology, struct topology_place *place, const uint8_t mac[6])
{
	for (uint32_t i = 0; i < place->mac_count; i++)
		if (memcmp(place->mac[i].byte, mac, sizeof(place->mac[i].byte)) == 0)
			return;
	if (place->mac_count < MZ_MACS)
		memcpy(place->mac[place->mac_count++].byte, mac, sizeof(place->mac[0].byte));
	else
		topology->macs_truncated = true;
}

/* The MACs of macvlans are the router's, too: keepalived makes one for a virtual router. */
static void add_macvlans(struct topology *topology, struct topology_place *place,
	const struct device *devices, const struct device *end)
{
	for (const struct device *d = devices; d < end; d++)
		if (d->kind == DEVICE_MACVLAN && d->lower == place->device->index)
			add_mac(topology, place, d->mac);
}

/* Adds a place, except where the device is one already: the first path that leads to it counts. */
static void add(struct topology *topology, const struct topology_place *place)
{
	for (size_t i = 0; i < topology->place_count; i++)
		if (topology->place[i].device == place->device)
			return;
	if (!has_link(place->device))
		return;
	if (topology->place_count == TOPOLOGY_PLACES)
		topology->truncated = true;
	else
		topology->place[topology->place_count++] = *place;
}

/* A place below place at: frames there have the MACs of the devices above. */
static struct topology_place below(
	struct topology *topology, size_t at, const struct device *device)
{
	const struct topology_place *above = &topology->place[at];
	struct topology_place place = *above;

	place.device = device;
	place.depth++;
	place.pvid = place.port_tags = 0;
	add_mac(topology, &place, above->device->mac);
	return place;
}

static void push_tag(struct topology_place *place, uint16_t vlan)
{
	memmove(&place->tag[1], &place->tag[0], sizeof(place->tag) - sizeof(place->tag[0]));
	place->tag[0] = vlan;
	place->tag_count++;
}

static void add_lower(struct topology *topology, size_t at, const struct device *device)
{
	struct topology_place place = below(topology, at, device);

	if (place.tag_count == MZ_TAGS)
		return;
	place.pvid = topology->place[at].pvid;
	place.port_tags = topology->place[at].port_tags + 1;
	push_tag(&place, topology->place[at].device->vlan);
	add(topology, &place);
}

/*
 * Inside a bridge with VLAN filtering each frame belongs to a VLAN. Untagged frames of the bridge
 * device belong to the bridge's PVID, those of a port to the port's PVID.
 */
static void add_port(struct topology *topology, size_t at, const struct device *device)
{
	const struct device *bridge = topology->place[at].device;
	struct topology_place place = below(topology, at, device);

	if (bridge->vlan_filtering) {
		if (place.tag_count == 0 && bridge->pvid)
			push_tag(&place, bridge->pvid);
		place.pvid = device->pvid;
	}
	add(topology, &place);
}

#define ABOVE 4 /* how many devices up is_of_tracked() looks */

/* Whether d is a tracked interface, or a VLAN or bridge above it is; above: levels to look up. */
static bool is_of_tracked(const struct device *devices, const struct device *end,
	const struct device *d, const char (*tracked)[16], size_t tracked_count, int above)
{
	for (size_t i = 0; i < tracked_count; i++)
		if (strcmp(d->name, tracked[i]) == 0)
			return true;
	for (const struct device *up = devices; up < end && above > 0; up++)
		if (((up->kind == DEVICE_VLAN && up->lower == d->index) ||
			    (up->kind == DEVICE_BRIDGE && d->master == up->index)) &&
			is_of_tracked(devices, end, up, tracked, tracked_count, above - 1))
			return true;
	return false;
}

int topology_find(struct topology *topology, const struct device *devices, size_t count,
	const char *name, const char (*tracked)[16], size_t tracked_count)
{
	const struct device *end = devices + count, *d, *top = NULL;

	memset(topology, 0, sizeof(*topology));
	for (d = devices; d < end; d++)
		if (strcmp(d->name, name) == 0)
			top = d;
	if (!top)
		return -ENODEV;
	topology->place[topology->place_count++].device = top;
	add_macvlans(topology, &topology->place[0], devices, end);
	for (size_t at = 0; at < topology->place_count; at++) {
		const struct device *here = topology->place[at].device;

		for (d = devices; d < end; d++)
			if (here->kind == DEVICE_VLAN && d->index == here->lower)
				add_lower(topology, at, d);
			else if (here->kind == DEVICE_BRIDGE && d->master == here->index)
				add_port(topology, at, d);
	}
	for (d = devices; d < end && topology->vlan_count < MZ_VLANS; d++)
		if (d->kind == DEVICE_VLAN && d->lower == top->index &&
			is_of_tracked(devices, end, d, tracked, tracked_count, ABOVE))
			topology->vlan[topology->vlan_count++] = d->vlan;
	return 0;
}

/*
 * The mark of counted packets. It depends on the MAC, as a packet may go on to another router on
 * the same machine. The highest bit is set, so that it is not 0; the lowest is left to the
 * direction.
 */
static uint16_t mark_of(const struct device *device)
{
	const uint8_t *m = device->mac;
	unsigned mark = m[0] ^ m[2] ^ m[4] ^ device->index;

	return (uint16_t)(0x8000 | (mark << 8 & 0x7f00) | ((m[1] ^ m[3] ^ m[5]) & 0xfe));
}

void topology_apply(const struct topology *topology, size_t place, struct mz_settings *settings)
{
	const struct topology_place *p = &topology->place[place];
	const struct device *top = topology->place[0].device;

	settings->no_link = !has_link(p->device);
	settings->vlan_count = topology->vlan_count;
	memcpy(settings->vlan, topology->vlan, sizeof(settings->vlan));
	settings->mac_count = p->mac_count;
	memcpy(settings->mac, p->mac, sizeof(settings->mac));
	if (place == 0) { /* only places below need them: so changes elsewhere do not reload this */
		settings->other4_count = settings->other6_count = 0;
		memset(settings->other4, 0, sizeof(settings->other4));
		memset(settings->other6, 0, sizeof(settings->other6));
	}
	if (top->kind == DEVICE_OTHER)
		return; /* alone */
	settings->place = place ? MZ_LOWER : MZ_UPPER;
	settings->depth = (__u8)p->depth;
	settings->mark = mark_of(top);
	settings->pvid = p->pvid;
	settings->port_tags = p->port_tags;
	settings->tag_count = p->tag_count;
	memcpy(settings->tag, p->tag, sizeof(settings->tag));
	/* no flowtable forwards the router's own traffic: it always passes the tracked interface */
	if (place && !topology->own_below)
		settings->own4_count = settings->own6_count = 0;
}
