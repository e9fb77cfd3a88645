// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/sockets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define PASSED 3 /* SD_LISTEN_FDS_START of sd_listen_fds(3) */

/* Whether to try again: the exporter of a killed daemon holds the socket until it has ended. */
static bool comes_free(int fd, uint64_t deadline_ms)
{
	if (fd != -EADDRINUSE || now_ms() >= deadline_ms)
		return false;
	usleep(20000);
	return true;
}

static int add(struct sockets *server, int fd)
{
	if (server->socket_count == CONFIG_SOCKETS) {
		log_error("expected at most %d sockets to listen on, with those of LISTEN_FDS",
			CONFIG_SOCKETS);
		close(fd);
		return -E2BIG;
	}
	server->socket[server->socket_count++] = fd;
	return 0;
}

static int open_unix(struct sockets *server, const char *path, uint64_t deadline_ms)
{
	int fd;

	do
		fd = listen_unix(path, &server->file);
	while (comes_free(fd, deadline_ms));
	if (fd == -EADDRINUSE)
		log_error("--socket %s: another mezoura answers there", path);
	else if (fd == -ENOTSOCK)
		log_error("--socket %s: something else is there, not a socket", path);
	else if (fd < 0)
		log_error("--socket %s: cannot listen: %s", path, strerror(-fd));
	return fd < 0 ? fd : add(server, fd);
}

/* The interface with the address may come up later, as br-lan does: listen_tcp_early(). */
static int open_tcp(
	struct sockets *server, const struct config *config, size_t i, uint64_t deadline_ms)
{
	const struct sockaddr_storage *address = config->listen_count ? &config->listen[i] : NULL;
	const char *text = config->listen_count ? config->listen_text[i] : "";
	int fd;

	do
		fd = listen_tcp(address, config->port);
	while (comes_free(fd, deadline_ms));
	if (fd == -EADDRNOTAVAIL && address) {
		fd = listen_tcp_early(address, config->port);
		if (fd >= 0)
			log_warn("--listen %s: no interface has this address yet", text);
	}
	if (fd < 0) {
		log_error("%s%s port %u: cannot listen: %s", address ? "--listen " : "-e", text,
			config->port, strerror(-fd));
		return fd;
	}
	return add(server, fd);
}

static int take_passed(struct sockets *server, unsigned count, bool kinds[2])
{
	if (count > CONFIG_SOCKETS - 1) {
		log_error("LISTEN_FDS=%u: expected at most %d sockets", count, CONFIG_SOCKETS - 1);
		return -E2BIG;
	}
	for (unsigned i = 0; i < count; i++) {
		int fd = PASSED + (int)i;
		bool is_unix;

		if (!listen_is_passed(fd, &is_unix)) {
			log_error("LISTEN_FDS=%u: descriptor %d: expected a listening stream "
				  "socket, TCP or Unix",
				count, fd);
			return -ENOTSOCK;
		}
		server->socket[server->socket_count++] = fd;
		kinds[is_unix] = true;
	}
	return 0;
}

/* Warns of options that do nothing without -e. No error: the first mezoura accepted -p alone. */
static void warn_idle(const struct config *config)
{
	const char *idle = config->port_given	      ? "-p"
			   : config->listen_count     ? "--listen"
			   : config->allow_count      ? "--allow"
			   : config->host_names_count ? "--host-name"
						      : NULL;

	if (idle)
		log_warn("%s: nothing is served over TCP: that takes -e, too", idle);
}

int sockets_open(struct sockets *server, const struct config *config, unsigned patience_ms)
{
	size_t count = config->listen_count ? config->listen_count : 1;
	bool passed[2] = {false, false}; /* TCP, Unix */
	uint64_t deadline_ms = now_ms() + patience_ms;
	int error = take_passed(server, config->passed, passed);

	if (!error && !passed[true])
		error = open_unix(server, config->socket, deadline_ms);
	for (size_t i = 0; i < count && config->serve_tcp && !passed[false] && !error; i++)
		error = open_tcp(server, config, i, deadline_ms);
	if (!error && !config->serve_tcp && !passed[false])
		warn_idle(config);
	return error;
}

void sockets_close(struct sockets *server)
{
	listen_remove(&server->file); /* first, so that no client connects in vain */
	for (size_t i = 0; i < server->socket_count; i++)
		close(server->socket[i]);
}
