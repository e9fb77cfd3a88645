// SPDX-License-Identifier: GPL-2.0-or-later
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static int open_unix(struct server *server)
{
	const char *path = server->config->socket;
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
	int error;

	server->config = config;
	error = open_unix(server);
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

static int list_allowed(struct server *server)
{
	const struct config *c = server->config;
	size_t room = c->trackeds + c->delegateds + c->allows;
	struct prefix *allow = calloc(room + (size_t)MZ_NETS * 2 * MZ_PREFIXES, sizeof(*allow));

	if (!allow)
		return -ENOMEM;
	server->allow = allow;
	for (size_t i = 0; i < c->trackeds; i++)
		allow[server->fixed++] = c->tracked[i].prefix;
	for (size_t i = 0; i < c->delegateds; i++)
		allow[server->fixed++] = c->delegated[i];
	for (size_t i = 0; i < c->allows; i++)
		allow[server->fixed++] = c->allow[i];
	return 0;
}

int server_start(struct server *server, const struct snapshot *(*snapshot)(void *), void *context)
{
	struct http_config config = {
		.metrics = server->config->metrics,
		.snapshot = snapshot,
		.context = context,
	};

	if (list_allowed(server) < 0)
		return -ENOMEM;
	config.allow = server->allow;
	config.allowed = server->fixed;
	server->http = http_create(&config, server->socket, server->sockets);
	server->sockets = 0; /* they are its own now */
	return server->http ? 0 : -ENOMEM;
}

void server_follow(struct server *server, const struct snapshot *snapshot)
{
	size_t count = server->fixed;

	for (uint32_t i = 0; i < snapshot->interfaces; i++)
		for (size_t j = 0; j < snapshot->interface[i].prefixes; j++) {
			const struct snapshot_prefix *from = &snapshot->interface[i].prefix[j];
			struct prefix *to = &server->allow[count++];

			to->family = from->family;
			to->length = from->length;
			memcpy(to->addr, from->addr, sizeof(to->addr));
		}
	http_allow(server->http, server->allow, count);
}

void server_close(struct server *server)
{
	listen_remove(&server->file); /* first, so that nobody connects in vain */
	http_destroy(server->http);
	for (size_t i = 0; i < server->sockets; i++)
		close(server->socket[i]);
	free(server->allow);
}
