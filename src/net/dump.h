/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the kernel over netlink, and all messages of their answers. */
#ifndef MZ_NET_DUMP_H
#define MZ_NET_DUMP_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#define DUMP_REQUEST 256 /* bytes that are enough for any request */

/*
 * A socket for dump_read(), for mnl_socket_close(). bus: NETLINK_ROUTE or NETLINK_NETFILTER.
 * strict: the kernel heeds what a request asks for beyond the family (NETLINK_GET_STRICT_CHK,
 * since 4.20). NULL with errno.
 */
struct mnl_socket *dump_open(int bus, bool strict);

/*
 * Sends a request and calls read(message, context) for each message of the answer. read returns
 * MNL_CB_OK, or MNL_CB_ERROR with errno to end the dump. request: stays the caller's; its flags are
 * those of a dump, or NLM_F_ACK for one object, so that the answer has an end.
 *
 * Returns 0 or -errno. -EINTR: a change disturbed the dump, and read may have seen only a part.
 */
int dump_read(
	struct mnl_socket *socket, const struct nlmsghdr *request, mnl_cb_t read, void *context);

/* The same on a socket of its own, which is not strict. */
int dump_once(int bus, const struct nlmsghdr *request, mnl_cb_t read, void *context);

#endif
