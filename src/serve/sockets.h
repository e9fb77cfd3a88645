/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening sockets on which the daemon serves HTTP. */
#ifndef MZ_SERVE_SOCKETS_H
#define MZ_SERVE_SOCKETS_H

#include "config/config.h"
#include "serve/listen.h"

#define SOCKETS_PATIENCE_MS 2000 /* until the exporter of a killed daemon has ended */

struct sockets {
	int socket[CONFIG_SOCKETS];
	size_t socket_count;
	struct listen_file file; /* of the Unix socket */
};

/*
 * Opens the Unix socket and, with -e, those for TCP. Of either kind it opens none where the service
 * manager has passed some (sd_listen_fds(3)). Waits at most patience_ms until one that is in use
 * becomes free. server: zeroed. Logs a line on failure. Returns 0 or -errno; call sockets_close()
 * in either case.
 */
int sockets_open(struct sockets *server, const struct config *config, unsigned patience_ms);

/* Removes the Unix socket's file, and closes all sockets. */
void sockets_close(struct sockets *server);

#endif
