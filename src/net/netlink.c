// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 1000 /* forgotten at once */

struct netlink {
	struct mnl_socket *socket;
};

struct netlink *netlink_watch(void)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));
	int error;

	if (!netlink)
		return NULL;
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (netlink->socket &&
		mnl_socket_bind(netlink->socket,
			RTMGRP_LINK | RTMGRP_TC | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
				RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
			MNL_SOCKET_AUTOPID) == 0)
		return netlink;
	error = errno;
	netlink_close(netlink);
	errno = error;
	return NULL;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink && netlink->socket)
		mnl_socket_close(netlink->socket);
	free(netlink);
}

int netlink_fd(const struct netlink *netlink)
{
	return mnl_socket_get_fd(netlink->socket);
}

struct news {
	bool (*concerns)(const void *context, unsigned ifindex);
	const void *context;
	bool relevant;
};

static int note(const struct nlmsghdr *message, void *context)
{
	struct news *news = context;
	const struct nlattr *attribute;
	bool relevant = true;

	if (message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_DELROUTE)
		mnl_attr_for_each(attribute, message, sizeof(struct rtmsg))
		{
			if (mnl_attr_get_type(attribute) == RTA_OIF)
				relevant =
					news->concerns(news->context, mnl_attr_get_u32(attribute));
		}
	news->relevant = news->relevant || relevant;
	return MNL_CB_OK;
}

bool netlink_drain(struct netlink *netlink, bool (*concerns)(const void *context, unsigned ifindex),
	const void *context)
{
	struct news news = {concerns, context, false};
	char data[8192];

	/*
	 * An overrun (ENOBUFS) is news as well: all is looked at again anyway. In a storm of news
	 * the rest has to wait: we are called again for it.
	 */
	for (int i = 0; i < MESSAGES; i++) {
		ssize_t length = mnl_socket_recvfrom(netlink->socket, data, sizeof(data));

		if (length <= 0 && errno != ENOBUFS)
			break;
		if (length <= 0 || mnl_cb_run(data, (size_t)length, 0, 0, note, &news) < 0)
			news.relevant = true;
	}
	return news.relevant;
}

struct filters {
	struct netlink_filter *list;
	int count, room;
};

static void copy_name(const struct nlattr *options, char name[NETLINK_NAME])
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, options)
	{
		if (mnl_attr_get_type(attribute) == TCA_BPF_NAME)
			snprintf(name, NETLINK_NAME, "%s", mnl_attr_get_str(attribute));
	}
}

static int add_filter(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	struct netlink_filter filter = {
		.handle = tc->tcm_handle, .priority = (uint16_t)(tc->tcm_info >> 16)};
	struct filters *filters = context;
	const struct nlattr *attribute, *options = NULL;
	bool bpf = false;

	/* the kernel lists each priority once with handle 0 before its filters */
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

/* Hands each message of a dump to add. Returns 0 or -errno. */
static int dump(uint16_t type, unsigned ifindex, uint32_t parent, mnl_cb_t add, void *context)
{
	char data[16384]; /* the kernel's parts of a dump are not larger */
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct nlmsghdr *request = mnl_nlmsg_put_header(data);
	struct tcmsg *tc;
	ssize_t length;
	int more = MNL_CB_ERROR, error;

	if (!socket)
		return -errno;
	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = parent;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
		mnl_socket_sendto(socket, request, request->nlmsg_len) >= 0)
		do {
			length = mnl_socket_recvfrom(socket, data, sizeof(data));
			more = length < 0 ? MNL_CB_ERROR
					  : mnl_cb_run(data, (size_t)length, 0,
						    mnl_socket_get_portid(socket), add, context);
		} while (more > MNL_CB_STOP);
	error = errno;
	mnl_socket_close(socket);
	return more == MNL_CB_ERROR ? -error : 0;
}

int netlink_filters(unsigned ifindex, uint32_t parent, struct netlink_filter *list, int room)
{
	struct filters filters = {.list = list, .room = room};
	int error = dump(RTM_GETTFILTER, ifindex, parent, add_filter, &filters);

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

	/* the kernel lists those of all devices */
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

int netlink_has_ingress(unsigned ifindex)
{
	struct ingress ingress = {.ifindex = (int)ifindex};
	/* of the device alone there is no asking: each answer would be told to all listeners */
	int error = dump(RTM_GETQDISC, ifindex, 0, find_ingress, &ingress);

	return error ? error : ingress.found;
}
