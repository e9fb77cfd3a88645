/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends requests to a running daemon, over its Unix socket. */
#ifndef MZ_CLI_REQUEST_H
#define MZ_CLI_REQUEST_H

#include "base/buf.h"

#define REQUEST_PATIENCE_MS 5000

/*
 * Sends GET path, and appends the body of the answer to body, which the caller frees; status: that
 * of HTTP, as 200. Takes at most patience_ms and 16 MiB, whatever program listens there. Returns 0;
 * -ENOENT or -ECONNREFUSED where none listens; -ETIMEDOUT; -EFBIG; -EPROTO for an answer that is
 * not HTTP or not complete; or another -errno.
 */
int request_any(const char *socket, const char *path, unsigned patience_ms, struct buf *body,
	unsigned *status);

/* Logs one line: why request_any() or request_get() failed. */
void request_log_failure(const char *socket, int error);

/*
 * The same, where only a 200 is of use: -EBUSY for a 503, -EPROTO for another status. body has that
 * of a 200 only.
 */
int request_get(const char *socket, const char *path, unsigned patience_ms, struct buf *body);

#endif
