/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot in, JSON out, as docs/api.md describes it. */
#ifndef MZ_OUTPUT_JSON_STATUS_H
#define MZ_OUTPUT_JSON_STATUS_H

#include "base/buf.h"
#include "model/snapshot.h"

/* Each appends to out, without any other allocation. Check out->failed afterwards. */

void json_status(const struct snapshot *snapshot, struct buf *out); /* /api/v1/status */
void json_hosts(const struct snapshot *snapshot, struct buf *out);  /* /api/v1/hosts */

/* What mezoura status --json says without a daemon. Of the hooks, net and age_s mean nothing. */
void json_leftover(const struct snapshot_hook *hooks, size_t count, struct buf *out);

#endif
