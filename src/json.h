/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot in, JSON out, as docs/api.md describes it. */
#ifndef MZ_JSON_H
#define MZ_JSON_H

#include "buf.h"
#include "snapshot.h"

/* Appends /api/v1/status to out. Check out->failed afterwards. */
void json_status(const struct snapshot *snapshot, struct buf *out);

/* Appends /api/v1/hosts to out, without any other allocation. Check out->failed afterwards. */
void json_hosts(const struct snapshot *snapshot, struct buf *out);

#endif
