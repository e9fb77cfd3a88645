/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a running daemon, over its Unix socket. */
#ifndef MZ_CLI_REQUEST_H
#define MZ_CLI_REQUEST_H

#include "base/buf.h"

#define REQUEST_PATIENCE_MS 5000

/*
 * GET path, the body of a 200 appended to body. Takes patience_ms and 16 MiB at most, whatever is
 * at the other end. Returns 0; -ENOENT or -ECONNREFUSED where nobody answers; -ETIMEDOUT; -EFBIG;
 * -EBUSY, where it says so; -EPROTO for what is no good answer; or another -errno.
 */
int request_get(const char *socket, const char *path, unsigned patience_ms, struct buf *body);

#endif
