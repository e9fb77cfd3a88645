// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/dump.h"

#include <errno.h>
#include <fcntl.h>

struct mnl_socket *dump_open(int bus, bool strict)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int on = 1, error;

	if (!socket)
		return NULL;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
		(!strict || mnl_socket_setsockopt(
				    socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) == 0))
		return socket;
	error = errno;
	mnl_socket_close(socket);
	errno = error;
	return NULL;
}

int dump_read(
	struct mnl_socket *socket, const struct nlmsghdr *request, mnl_cb_t read, void *context)
{
	char data[32768]; /* the kernel's parts of a dump are not larger */
	int more;

	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t length = mnl_socket_recvfrom(socket, data, sizeof(data));

		more = length < 0 ? MNL_CB_ERROR
				  : mnl_cb_run(data, (size_t)length, 0,
					    mnl_socket_get_portid(socket), read, context);
	} while (more > MNL_CB_STOP);
	return more == MNL_CB_STOP ? 0 : -errno;
}

int dump_once(int bus, const struct nlmsghdr *request, mnl_cb_t read, void *context)
{
	struct mnl_socket *socket = dump_open(bus, false);
	int error;

	if (!socket)
		return -errno;
	error = dump_read(socket, request, read, context);
	mnl_socket_close(socket);
	return error;
}
