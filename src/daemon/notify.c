// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/printable.h"

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
		address.sun_path[0] = '\0'; /* an abstract address: it ends by its length */
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

/* Puts word, then the interfaces whose bit is set in which. Nothing where none is. */
static void put_interfaces(
	struct buf *state, const struct config *config, uint32_t which, const char *word)
{
	const char *before = word;

	for (size_t i = 0; i < config->interface_count; i++) {
		const char *name = config->ifnames[i];
		char text[64]; /* longer than any name */

		if (!(which >> i & 1))
			continue;
		buf_text(state, before);
		printable(&name, text, sizeof(text));
		buf_text(state, text);
		before = ", ";
	}
}

int notify_counting(const struct config *config, uint32_t counted, bool is_ready)
{
	struct buf state = {0};
	int error;

	buf_text(&state, is_ready ? "READY=1\nSTATUS=" : "STATUS=");
	put_interfaces(&state, config, counted, "Counting on ");
	put_interfaces(&state, config, ~counted, counted ? "; NOT on " : "NOT counting on ");
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
