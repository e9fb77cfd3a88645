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

/* Why an HTTP connection was not served, or not to its end. */
enum metrics_rejection {
	METRICS_REJECT_ADDRESS, /* it came from where nobody may connect from */
	METRICS_REJECT_LIMIT,	/* there were too many; or another one took its place */
	METRICS_REJECT_TIMEOUT, /* it did not ask, or did not take its answer, in time */
	METRICS_REJECT_SLOW,	/* it kept the memory of an old page that a new one needed */
	METRICS_REJECTIONS
};

/* What the exporter tells of itself. */
struct metrics_exporter {
	uint64_t scrapes;
	uint64_t rejected[METRICS_REJECTIONS];
};

struct metrics_options {
	enum metrics_families families;
	bool unknown; /* --unknown show: the seed's families carry hosts without a name, too */
	const struct metrics_exporter *exporter; /* NULL: none has a part in this page */
	const struct snapshot_process *process;	 /* what that one uses; NULL: not known */
};

/* Appends the whole page to out. Check out->failed afterwards. */
void metrics_render(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out);

#endif
