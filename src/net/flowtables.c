// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/flowtables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dump.h"

#ifndef NFT_FLOWTABLE_HW_OFFLOAD /* since 5.7 */
#define NFT_FLOWTABLE_HW_OFFLOAD 1
#endif
#define FLAGS 7 /* NFTA_FLOWTABLE_FLAGS of linux/netfilter/nf_tables.h, since 5.7 */

#define TRIES 3 /* of a dump that changes disturb; after the next event as many again */

struct flowtables {
	struct mnl_socket *socket;
	bool changed; /* since the last dump */
	bool offloaded;
	char name[128];
};

struct flowtables *flowtables_watch(void)
{
	struct flowtables *flowtables = calloc(1, sizeof(*flowtables));
	int group = NFNLGRP_NFTABLES, error;

	if (!flowtables)
		return NULL;
	flowtables->changed = true;
	flowtables->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (flowtables->socket && mnl_socket_bind(flowtables->socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
		mnl_socket_setsockopt(
			flowtables->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0)
		return flowtables;
	error = errno;
	flowtables_close(flowtables);
	errno = error;
	return NULL;
}

void flowtables_close(struct flowtables *flowtables)
{
	if (flowtables && flowtables->socket)
		mnl_socket_close(flowtables->socket);
	free(flowtables);
}

int flowtables_fd(const struct flowtables *flowtables)
{
	return mnl_socket_get_fd(flowtables->socket);
}

static const char *family_text(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	default:
		return "netdev";
	}
}

static int look_at(const struct nlmsghdr *message, void *context)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct flowtables *flowtables = context;
	const char *table = "", *name = "";
	const struct nlattr *a;
	uint32_t flags = 0;

	if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWFLOWTABLE))
		return MNL_CB_OK;
	mnl_attr_for_each(a, message, sizeof(*header))
	{
		if (mnl_attr_get_type(a) == NFTA_FLOWTABLE_TABLE)
			table = mnl_attr_get_str(a);
		else if (mnl_attr_get_type(a) == NFTA_FLOWTABLE_NAME)
			name = mnl_attr_get_str(a);
		else if (mnl_attr_get_type(a) == FLAGS)
			flags = ntohl(mnl_attr_get_u32(a));
	}
	if (flags & NFT_FLOWTABLE_HW_OFFLOAD) {
		flowtables->offloaded = true;
		snprintf(flowtables->name, sizeof(flowtables->name), "%s %.50s %.50s",
			family_text(header->nfgen_family), table, name);
	}
	return MNL_CB_OK;
}

/* Dumps the flowtables. False: the dump failed, and the earlier answer stays. */
static bool look(struct flowtables *flowtables)
{
	struct flowtables seen = {0};
	char data[DUMP_REQUEST];
	struct nlmsghdr *request = mnl_nlmsg_put_header(data);
	struct nfgenmsg *header;

	request->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETFLOWTABLE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->nfgen_family = NFPROTO_UNSPEC;
	header->version = NFNETLINK_V0;
	if (dump_once(NETLINK_NETFILTER, request, look_at, &seen) < 0)
		return false;
	flowtables->offloaded = seen.offloaded;
	memcpy(flowtables->name, seen.name, sizeof(seen.name));
	return true;
}

static int note(const struct nlmsghdr *message, void *context)
{
	struct flowtables *flowtables = context;

	switch (message->nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE: /* a dormant table may have become active */
	case NFT_MSG_DELTABLE:
	case NFT_MSG_NEWFLOWTABLE:
	case NFT_MSG_DELFLOWTABLE:
		flowtables->changed = true;
	}
	return MNL_CB_OK;
}

bool flowtables_offloaded(struct flowtables *flowtables, char name[128])
{
	char data[16384];
	ssize_t length;

	while ((length = mnl_socket_recvfrom(flowtables->socket, data, sizeof(data))) > 0 ||
		errno == ENOBUFS || errno == ENOSPC)
		if (length <= 0 || mnl_cb_run(data, (size_t)length, 0, 0, note, flowtables) < 0)
			flowtables->changed = true;
	for (int i = 0; i < TRIES && flowtables->changed; i++)
		flowtables->changed = !look(flowtables);
	memcpy(name, flowtables->name, sizeof(flowtables->name));
	return flowtables->offloaded;
}
