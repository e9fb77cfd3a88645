// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "net/dump.h"
#include "scope.h"

struct routes {
	struct route **list;
	size_t *count;
	const char *ifname;
};

/*
 * Whether hosts can be behind a route. A route shorter than /8 (IPv4) or /16 (IPv6) is taken for a
 * part of a default route, as VPNs add them (0.0.0.0/1 and 128.0.0.0/1).
 */
static bool leads_to_hosts(const struct prefix *to)
{
	uint32_t word[4];

	memcpy(word, to->addr, sizeof(word));
	if (to->family == AF_INET)
		return to->length >= 8 && mz_forwarded4(ntohl(word[0]));
	return to->length >= 16 &&
	       mz_forwarded6(ntohl(word[0]), ntohl(word[1]), ntohl(word[2]), ntohl(word[3]));
}

static int add(struct routes *routes, const struct prefix *to)
{
	struct route *list = realloc(*routes->list, (*routes->count + 1) * sizeof(*list));
	struct route *route;

	if (!list) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	*routes->list = list;
	route = &list[(*routes->count)++];
	memset(route, 0, sizeof(*route));
	route->to = *to;
	memccpy(route->ifname, routes->ifname, 0, sizeof(route->ifname) - 1);
	return MNL_CB_OK;
}

static int read_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(message);
	struct prefix to = {.family = rt->rtm_family, .length = rt->rtm_dst_len};
	const struct nlattr *attribute;

	if (message->nlmsg_type != RTM_NEWROUTE || rt->rtm_type != RTN_UNICAST ||
		rt->rtm_table == RT_TABLE_LOCAL || rt->rtm_flags & RTM_F_CLONED)
		return MNL_CB_OK;
	mnl_attr_for_each(attribute, message, sizeof(*rt))
	{
		if (mnl_attr_get_type(attribute) == RTA_DST &&
			mnl_attr_get_payload_len(attribute) <= sizeof(to.addr))
			memcpy(to.addr, mnl_attr_get_payload(attribute),
				mnl_attr_get_payload_len(attribute));
	}
	return leads_to_hosts(&to) ? add(context, &to) : MNL_CB_OK;
}

/* Adds the routes of one family. Returns 0 or -errno. */
static int add_family(
	struct mnl_socket *socket, int family, unsigned ifindex, struct routes *routes)
{
	char data[DUMP_REQUEST];
	struct nlmsghdr *request = mnl_nlmsg_put_header(data);
	struct rtmsg *rt;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	rt = mnl_nlmsg_put_extra_header(request, sizeof(*rt));
	rt->rtm_family = (unsigned char)family;
	mnl_attr_put_u32(request, RTA_OIF, ifindex); /* of a million routes, only these */
	return dump_read(socket, request, read_route, routes);
}

int routes_add(struct route **list, size_t *count, const char *ifname, unsigned ifindex)
{
	struct mnl_socket *socket = dump_open(NETLINK_ROUTE, true);
	struct routes routes = {list, count, ifname};
	int error;

	if (!socket)
		return -errno;
	error = add_family(socket, AF_INET, ifindex, &routes);
	if (!error)
		error = add_family(socket, AF_INET6, ifindex, &routes);
	mnl_socket_close(socket);
	if (error == -EAFNOSUPPORT || error == -EOPNOTSUPP)
		error = 0; /* a kernel without IPv6 */
	return error;
}
