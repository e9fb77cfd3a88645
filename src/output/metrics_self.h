/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The families that tell how mezoura itself is: a part of metrics.c's page. */
#ifndef MZ_OUTPUT_METRICS_SELF_H
#define MZ_OUTPUT_METRICS_SELF_H

#include "base/buf.h"
#include "model/snapshot.h"
#include "output/family.h"

void metrics_self(const struct snapshot *snapshot, enum metrics_format format, struct buf *out);
void metrics_exporter(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out);

#endif
