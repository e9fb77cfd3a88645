// SPDX-License-Identifier: GPL-2.0-or-later
#include "server.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static int open_unix(struct server *server, const char *path)
{
	int fd = listen_unix(path, &server->file);

	if (fd == -EADDRINUSE)
		log_error("--socket %s: another mezoura answers there", path);
	else if (fd == -ENOTSOCK)
		log_error("--socket %s: something else is there, not a socket", path);
	else if (fd < 0)
		log_error("--socket %s: cannot listen: %s", path, strerror(-fd));
	if (fd < 0)
		return fd;
	server->socket[server->sockets++] = fd;
	return 0;
}

int server_open(struct server *server, const struct config *config)
{
	size_t count = config->listens ? config->listens : 1;
	int error = open_unix(server, config->socket);

	for (size_t i = 0; i < count && config->exporter && !error; i++) {
		int fd = listen_tcp(config->listens ? &config->listen[i] : NULL, config->port);

		if (fd >= 0) {
			server->socket[server->sockets++] = fd;
			continue;
		}
		error = fd;
		log_error("%s%s port %u: cannot listen: %s", config->listens ? "--listen " : "-e",
			config->listens ? config->listen_text[i] : "", config->port,
			strerror(-error));
	}
	return error;
}

void server_close(struct server *server)
{
	listen_remove(&server->file); /* first, so that nobody connects in vain */
	for (size_t i = 0; i < server->sockets; i++)
		close(server->socket[i]);
}
