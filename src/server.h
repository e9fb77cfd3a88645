/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sockets the daemon serves HTTP on, and to whom. */
#ifndef MZ_SERVER_H
#define MZ_SERVER_H

#include "config.h"
#include "http.h"
#include "listen.h"

struct server {
	const struct config *config;
	struct http *http;
	int socket[CONFIG_LISTENS + 1];
	size_t sockets;
	struct listen_file file;
	struct prefix *allow; /* tracked subnets and --allow, then what is followed */
	size_t fixed;	      /* how many of them do not change */
};

/*
 * Opens the Unix socket and, with -e, those for TCP. server: zeroed; config: kept by the caller.
 * Logs a line on failure. Returns 0 or -errno; server_close() is due in any case.
 */
int server_open(struct server *server, const struct config *config);

/* Serves on them. snapshot and context: as in struct http_config. Returns 0 or -errno. */
int server_start(struct server *server, const struct snapshot *(*snapshot)(void *), void *context);

/* Lets those connect who are in the prefixes in force. */
void server_follow(struct server *server, const struct snapshot *snapshot);

void server_close(struct server *server);

#endif
