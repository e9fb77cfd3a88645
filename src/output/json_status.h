/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The documents of `mezoura status --json`, as docs/api.md describes them. Both functions append to
 * out, and allocate only what the buffer needs. Check out->failed afterwards.
 */
#ifndef MZ_OUTPUT_JSON_STATUS_H
#define MZ_OUTPUT_JSON_STATUS_H

#include "base/buf.h"
#include "model/history.h"
#include "model/snapshot.h"

/* The document of a running daemon, also that of /api/v1/status. history: NULL: none is kept. */
void json_status(
	const struct snapshot *snapshot, const struct history_state *history, struct buf *out);

/*
 * The document without a daemon: which hooks are still attached. hooks: count of them, of which net
 * and age_s are not used.
 */
void json_leftover(const struct snapshot_hook *hooks, size_t count, struct buf *out);

#endif
