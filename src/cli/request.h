/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends requests to a running daemon, over its Unix socket. */
#ifndef MZ_CLI_REQUEST_H
#define MZ_CLI_REQUEST_H

#include "base/buf.h"

#define REQUEST_PATIENCE_MS 5000

/*
 * Sends GET path, and appends the body of a 200 to body, which the caller frees. Takes at most
 * patience_ms and 16 MiB, whatever program listens there. Returns 0; -ENOENT or -ECONNREFUSED where
 * none listens; -ETIMEDOUT; -EFBIG; -EBUSY for a 503; -EPROTO for an answer that is not HTTP, not
 * complete or has another status; or another -errno.
 */
int request_get(const char *socket, const char *path, unsigned patience_ms, struct buf *body);

#endif
