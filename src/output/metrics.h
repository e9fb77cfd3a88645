/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot in, Prometheus text out. Pure: no clock, no file, no allocation but the buffer's. */
#ifndef MZ_OUTPUT_METRICS_H
#define MZ_OUTPUT_METRICS_H

#include "base/buf.h"
#include "model/snapshot.h"
#include "output/family.h"

/* Appends the whole page to out. Check out->failed afterwards. */
void metrics_render(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out);

#endif
