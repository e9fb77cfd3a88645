/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to the kernel over netlink, and all messages of its answer. */
#ifndef MZ_NET_DUMP_H
#define MZ_NET_DUMP_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#define DUMP_REQUEST 256 /* bytes that are enough for any request */

/*
 * Sends a request on a socket of its own and calls read(message, context) for each message of the
 * answer. read returns MNL_CB_OK, or MNL_CB_ERROR with errno to end the dump.
 *
 * bus: NETLINK_ROUTE or NETLINK_NETFILTER. strict: the kernel heeds what the request asks for
 * beyond the family (NETLINK_GET_STRICT_CHK, since 4.20). request: stays the caller's; its flags
 * are those of a dump, or NLM_F_ACK for one object, so that the answer has an end.
 *
 * Returns 0 or -errno. -EINTR: a change disturbed the dump, and read may have seen only a part.
 */
int dump_read(int bus, bool strict, const struct nlmsghdr *request, mnl_cb_t read, void *context);

#endif
