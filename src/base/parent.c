// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* PR_SET_PDEATHSIG would not do: the daemon may be a user who cannot send it that signal. */
int parent_follow_to_the_end(void)
{
	struct pollfd life = {.fd = PARENT_LIFE};

	if (fcntl(PARENT_LIFE, F_SETOWN, getpid()) < 0 ||
		fcntl(PARENT_LIFE, F_SETSIG, SIGKILL) < 0 ||
		fcntl(PARENT_LIFE, F_SETFL, O_ASYNC) < 0)
		return -errno;
	if (poll(&life, 1, 0) != 0) /* it ended before that took effect */
		_exit(0);
	return 0;
}

void parent_send(char byte)
{
	if (send(PARENT_CHANNEL, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		_exit(0);
}

bool parent_receive(char *byte)
{
	ssize_t length = recv(PARENT_CHANNEL, byte, 1, MSG_DONTWAIT);

	if (length == 0)
		_exit(0);
	return length > 0;
}
