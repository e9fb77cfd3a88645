// SPDX-License-Identifier: GPL-2.0-or-later
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "printable.h"

static int send_state(const char *path, const char *state, size_t length)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = path ? strlen(path) : 0;
	int fd, error;

	if (!path)
		return 0;
	if (path[0] != '/' && path[0] != '@')
		return -EAFNOSUPPORT;
	if (size >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, size);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* abstract: its length tells its end */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	size += offsetof(struct sockaddr_un, sun_path);
	error = sendto(fd, state, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address,
			(socklen_t)size) < 0
			? -errno
			: 0;
	close(fd);
	return error;
}

int notify_ready(const struct config *config)
{
	struct buf state = {0};
	int error;

	buf_text(&state, "READY=1\nSTATUS=Counting on");
	for (size_t i = 0; i < config->interfaces; i++) {
		const char *name = config->ifnames[i];
		char text[64]; /* more than names have */

		buf_text(&state, i ? ", " : " ");
		printable(&name, text, sizeof(text));
		buf_text(&state, text);
	}
	error = state.failed ? -ENOMEM
			     : send_state(config->notify_socket, state.data, state.length);
	buf_free(&state);
	return error;
}

int notify_watchdog(const struct config *config)
{
	static const char state[] = "WATCHDOG=1";

	return send_state(config->notify_socket, state, strlen(state));
}

int notify_stopping(const struct config *config)
{
	static const char state[] = "STOPPING=1";

	return send_state(config->notify_socket, state, strlen(state));
}
