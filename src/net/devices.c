// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/devices.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "net/dump.h"

struct listing {
	struct device *list;
	int count;
	size_t room;
};

static void read_info_data(const struct nlattr *data, struct device *device)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, data)
	{
		if (device->kind == DEVICE_VLAN && mnl_attr_get_type(a) == IFLA_VLAN_ID)
			device->vlan = mnl_attr_get_u16(a);
		if (device->kind == DEVICE_BRIDGE && mnl_attr_get_type(a) == IFLA_BR_VLAN_FILTERING)
			device->vlan_filtering = mnl_attr_get_u8(a);
	}
}

/* The kernel puts IFLA_INFO_KIND before IFLA_INFO_DATA. */
static void read_info(const struct nlattr *info, struct device *device)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, info)
	{
		if (mnl_attr_get_type(a) == IFLA_INFO_KIND) {
			if (strcmp(mnl_attr_get_str(a), "bridge") == 0)
				device->kind = DEVICE_BRIDGE;
			else if (strcmp(mnl_attr_get_str(a), "vlan") == 0)
				device->kind = DEVICE_VLAN;
			else if (strcmp(mnl_attr_get_str(a), "macvlan") == 0)
				device->kind = DEVICE_MACVLAN;
		} else if (mnl_attr_get_type(a) == IFLA_INFO_DATA) {
			read_info_data(a, device);
		}
	}
}

static void read_xdp(const struct nlattr *xdp, struct device *device)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, xdp)
	{
		if (mnl_attr_get_type(a) == IFLA_XDP_ATTACHED)
			device->xdp = mnl_attr_get_u8(a) != XDP_ATTACHED_NONE;
	}
}

static uint64_t read_packets(const struct nlattr *stats)
{
	struct rtnl_link_stats64 s = {0};
	size_t length = mnl_attr_get_payload_len(stats);

	memcpy(&s, mnl_attr_get_payload(stats), length < sizeof(s) ? length : sizeof(s));
	return s.rx_packets + s.tx_packets;
}

static void read_attribute(const struct nlattr *a, struct device *device, bool *elsewhere)
{
	switch (mnl_attr_get_type(a)) {
	case IFLA_IFNAME:
		memccpy(device->name, mnl_attr_get_str(a), 0, sizeof(device->name) - 1);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(a) == sizeof(device->mac))
			memcpy(device->mac, mnl_attr_get_payload(a), sizeof(device->mac));
		break;
	case IFLA_MASTER:
		device->master = mnl_attr_get_u32(a);
		break;
	case IFLA_LINK:
		device->lower = mnl_attr_get_u32(a);
		break;
	case IFLA_LINK_NETNSID:
		*elsewhere = true;
		break;
	case IFLA_LINKINFO:
		read_info(a, device);
		break;
	case IFLA_XDP:
		read_xdp(a, device);
		break;
	case IFLA_STATS64:
		device->packets = read_packets(a);
		break;
	}
}

static int add_device(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct listing *listing = context;
	struct device *list, device = {.index = (unsigned)link->ifi_index, .type = link->ifi_type};
	const struct nlattr *a;
	bool elsewhere = false;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	mnl_attr_for_each(a, message, sizeof(*link))
	{
		read_attribute(a, &device, &elsewhere);
	}
	if (elsewhere || (device.kind != DEVICE_VLAN && device.kind != DEVICE_MACVLAN))
		device.lower = 0;
	list = array_grow(listing->list, (size_t)listing->count, &listing->room, 32, sizeof(*list));
	if (!list) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	listing->list = list;
	listing->list[listing->count++] = device;
	return MNL_CB_OK;
}

static struct device *find(const struct listing *listing, unsigned index)
{
	for (int i = 0; i < listing->count; i++)
		if (listing->list[i].index == index)
			return &listing->list[i];
	return NULL;
}

/* VLANs are listed as ranges; the PVID is never inside a range. */
uint16_t devices_pvid(const struct nlmsghdr *message)
{
	const struct nlattr *a, *vlan;

	mnl_attr_for_each(a, message, sizeof(struct ifinfomsg))
	{
		if (mnl_attr_get_type(a) != IFLA_AF_SPEC)
			continue;
		mnl_attr_for_each_nested(vlan, a)
		{
			const struct bridge_vlan_info *info = mnl_attr_get_payload(vlan);

			if (mnl_attr_get_type(vlan) == IFLA_BRIDGE_VLAN_INFO &&
				mnl_attr_get_payload_len(vlan) >= sizeof(*info) &&
				info->flags & BRIDGE_VLAN_INFO_PVID)
				return info->vid;
		}
	}
	return 0;
}

static int add_pvid(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct device *device = find(context, (unsigned)link->ifi_index);

	if (message->nlmsg_type == RTM_NEWLINK && device)
		device->pvid = devices_pvid(message);
	return MNL_CB_OK;
}

/* Asks for all links of a family or, with an index, for that one, with the details of mask. */
static struct nlmsghdr *ask(char data[DUMP_REQUEST], uint8_t family, uint32_t mask, unsigned index)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(data);
	struct ifinfomsg *link;

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | (index ? NLM_F_ACK : NLM_F_DUMP);
	link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
	link->ifi_family = family;
	link->ifi_index = (int)index;
	mnl_attr_put_u32(request, IFLA_EXT_MASK, mask);
	return request;
}

int devices_packets(unsigned index, uint64_t *packets)
{
	struct listing listing = {0};
	char data[DUMP_REQUEST];
	int error = dump_once(NETLINK_ROUTE, ask(data, AF_UNSPEC, 0, index), add_device, &listing);

	if (!error && listing.count)
		*packets = listing.list[0].packets;
	free(listing.list);
	return error;
}

int devices_list(struct device **list)
{
	struct mnl_socket *socket = dump_open(NETLINK_ROUTE, false);
	struct listing listing = {0};
	char data[DUMP_REQUEST];
	int error;

	if (!socket)
		return -errno;
	error = dump_read(socket, ask(data, AF_UNSPEC, 0, 0), add_device, &listing);
	/* VLANs as ranges: one by one, 4,000 have no room in a part of the answer */
	if (!error)
		error = dump_read(socket, ask(data, AF_BRIDGE, RTEXT_FILTER_BRVLAN_COMPRESSED, 0),
			add_pvid, &listing);
	mnl_socket_close(socket);
	if (error == -EOPNOTSUPP)
		error = 0; /* a kernel without bridges */
	if (error) {
		free(listing.list);
		return error;
	}
	*list = listing.list;
	return listing.count;
}
