// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/filters.h"

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "net/dump.h"

struct filters {
	struct filter *list;
	int count, room;
};

static void copy_name(const struct nlattr *options, char name[FILTER_NAME])
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, options)
	{
		if (mnl_attr_get_type(attribute) == TCA_BPF_NAME)
			snprintf(name, FILTER_NAME, "%s", mnl_attr_get_str(attribute));
	}
}

static int add_filter(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	struct filter filter = {
		.handle = tc->tcm_handle, .priority = (uint16_t)(tc->tcm_info >> 16)};
	struct filters *filters = context;
	const struct nlattr *attribute, *options = NULL;
	bool bpf = false;

	/* the kernel lists each priority as an entry with handle 0, and then its filters */
	if (message->nlmsg_type != RTM_NEWTFILTER || !tc->tcm_handle)
		return MNL_CB_OK;
	mnl_attr_for_each(attribute, message, sizeof(*tc))
	{
		if (mnl_attr_get_type(attribute) == TCA_KIND)
			bpf = strcmp(mnl_attr_get_str(attribute), "bpf") == 0;
		else if (mnl_attr_get_type(attribute) == TCA_OPTIONS)
			options = attribute;
	}
	if (bpf && options)
		copy_name(options, filter.name);
	if (filters->count < filters->room)
		filters->list[filters->count] = filter;
	filters->count++;
	return MNL_CB_OK;
}

/* Dumps the objects of traffic control of that type and reads them. Returns 0 or -errno. */
static int dump(uint16_t type, unsigned ifindex, uint32_t parent, mnl_cb_t read, void *context)
{
	char data[DUMP_REQUEST];
	struct nlmsghdr *request = mnl_nlmsg_put_header(data);
	struct tcmsg *tc;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = parent;
	return dump_once(NETLINK_ROUTE, request, read, context);
}

int filters_list(unsigned ifindex, enum mz_direction direction, struct filter *list, int room)
{
	uint32_t side = direction == MZ_UPLOAD ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS;
	struct filters filters = {.list = list, .room = room};
	int error =
		dump(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, side), add_filter, &filters);

	return error ? error : filters.count;
}

struct ingress {
	int ifindex;
	int found;
};

static int find_ingress(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	struct ingress *ingress = context;
	const struct nlattr *attribute;

	/* the kernel lists the qdiscs of all devices */
	if (message->nlmsg_type != RTM_NEWQDISC || tc->tcm_ifindex != ingress->ifindex)
		return MNL_CB_OK;
	mnl_attr_for_each(attribute, message, sizeof(*tc))
	{
		if (mnl_attr_get_type(attribute) == TCA_KIND &&
			strcmp(mnl_attr_get_str(attribute), "ingress") == 0)
			ingress->found = 1;
	}
	return MNL_CB_OK;
}

int filters_has_ingress(unsigned ifindex)
{
	struct ingress ingress = {.ifindex = (int)ifindex};
	/* a dump, as the kernel announces its answer about one qdisc to all listeners */
	int error = dump(RTM_GETQDISC, ifindex, 0, find_ingress, &ingress);

	return error ? error : ingress.found;
}
