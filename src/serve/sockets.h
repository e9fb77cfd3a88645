/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sockets the daemon serves HTTP on. */
#ifndef MZ_SERVE_SOCKETS_H
#define MZ_SERVE_SOCKETS_H

#include "config/config.h"
#include "serve/listen.h"

#define SOCKETS_PATIENCE_MS 2000 /* with the exporter of a daemon that was killed */

struct sockets {
	int socket[CONFIG_SOCKETS];
	size_t socket_count;
	struct listen_file file;
};

/*
 * Opens the Unix socket and, with -e, those for TCP; of each kind, where the service manager passed
 * none. server: zeroed. Waits patience_ms at most for one that is in use. Logs a line on failure.
 * Returns 0 or -errno; sockets_close() is due in any case.
 */
int sockets_open(struct sockets *server, const struct config *config, unsigned patience_ms);

void sockets_close(struct sockets *server);

#endif
