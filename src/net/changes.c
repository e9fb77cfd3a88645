// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "base/log.h"

#define MESSAGES 1000 /* drained at once */

struct changes {
	struct mnl_socket *socket;
};

struct changes *changes_watch(void)
{
	struct changes *changes = calloc(1, sizeof(*changes));
	int error;

	if (!changes)
		return NULL;
	changes->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (changes->socket &&
		mnl_socket_bind(changes->socket,
			RTMGRP_LINK | RTMGRP_TC | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
				RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
			MNL_SOCKET_AUTOPID) == 0)
		return changes;
	error = errno;
	changes_close(changes);
	errno = error;
	return NULL;
}

void changes_close(struct changes *changes)
{
	if (changes && changes->socket)
		mnl_socket_close(changes->socket);
	free(changes);
}

int changes_fd(const struct changes *changes)
{
	return mnl_socket_get_fd(changes->socket);
}

struct drained {
	bool (*concerns)(const void *context, unsigned ifindex);
	const void *context;
	bool relevant;
	unsigned logged; /* kinds of messages, a bit for each */
};

/*
 * Logs each kind of message once. Types come in fours from RTM_BASE on, and all kinds but routes
 * have the device's index as second word.
 */
static void log_change(const struct nlmsghdr *message, unsigned *logged)
{
	static const char kinds[][10] = {
		"link", "address", "route", "neighbour", "rule", "qdisc", "class", "filter"};
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	size_t kind = (message->nlmsg_type - RTM_BASE) / 4u;

	if (kind >= sizeof(kinds) / sizeof(*kinds) || *logged & 1u << kind)
		return;
	*logged |= 1u << kind;
	if (kind == (RTM_NEWROUTE - RTM_BASE) / 4u)
		log_debug("network change: a route out of an interface of -i");
	else
		log_debug("network change: %s of device %u", kinds[kind], header->ifa_index);
}

static int note(const struct nlmsghdr *message, void *context)
{
	struct drained *drained = context;
	const struct nlattr *attribute;
	bool relevant = true;

	if (message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_DELROUTE)
		mnl_attr_for_each(attribute, message, sizeof(struct rtmsg))
		{
			if (mnl_attr_get_type(attribute) == RTA_OIF)
				relevant = drained->concerns(
					drained->context, mnl_attr_get_u32(attribute));
		}
	if (log_verbose && relevant)
		log_change(message, &drained->logged);
	drained->relevant = drained->relevant || relevant;
	return MNL_CB_OK;
}

bool changes_drain(struct changes *changes, bool (*concerns)(const void *context, unsigned ifindex),
	const void *context)
{
	struct drained drained = {.concerns = concerns, .context = context};
	char data[8192];

	/*
	 * Announcements that the kernel had no room for (ENOBUFS) may have mattered. In a storm the
	 * rest waits for the next call, so that the daemon gets to its other work.
	 */
	for (int i = 0; i < MESSAGES; i++) {
		ssize_t length = mnl_socket_recvfrom(changes->socket, data, sizeof(data));

		if (length <= 0 && errno != ENOBUFS)
			break;
		if (length <= 0 || mnl_cb_run(data, (size_t)length, 0, 0, note, &drained) < 0)
			drained.relevant = true;
	}
	return drained.relevant;
}
