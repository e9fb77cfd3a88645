/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_OUTPUT_JSON_HOSTS_H
#define MZ_OUTPUT_JSON_HOSTS_H

#include "base/buf.h"
#include "model/snapshot.h"

/*
 * Appends the document of /api/v1/hosts, which docs/api.md describes. Allocates only what the
 * buffer needs. Check out->failed afterwards.
 */
void json_hosts(const struct snapshot *snapshot, struct buf *out);

#endif
