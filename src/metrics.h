/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot in, Prometheus text out. Pure: no clock, no file, no allocation but the buffer's. */
#ifndef MZ_METRICS_H
#define MZ_METRICS_H

#include <stdbool.h>

#include "buf.h"
#include "snapshot.h"

enum metrics_families {
	METRICS_SEED = 1,   /* the four node_nat_traffic_* gauges of the first mezoura */
	METRICS_NATIVE = 2, /* mezoura_* */
	METRICS_ALL = METRICS_SEED | METRICS_NATIVE
};

enum metrics_format {
	METRICS_TEXT,	     /* text/plain; version=0.0.4 */
	METRICS_OPENMETRICS, /* application/openmetrics-text; version=1.0.0 */
	METRICS_FORMATS
};

struct metrics_options {
	enum metrics_families families;
	bool unknown; /* --unknown show: the seed's families carry hosts without a name, too */
};

/* Appends the whole page to out. Check out->failed afterwards. */
void metrics_render(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out);

#endif
