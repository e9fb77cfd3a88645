/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the pages of metrics have in common: their formats, and how a family of metrics begins. */
#ifndef MZ_OUTPUT_FAMILY_H
#define MZ_OUTPUT_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/snapshot.h"

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
	bool legacy;	   /* the four node_nat_traffic_* gauges of the first mezoura */
	bool native;	   /* mezoura_* */
	bool show_unknown; /* hosts without a name are in the legacy families, too */
	const struct metrics_exporter *exporter; /* NULL: none has a part in this page */
	const struct snapshot_process *process;	 /* what that one uses; NULL: not known */
};

/*
 * HELP and TYPE of a family. OpenMetrics names a counter's family without the _total of its
 * samples; name is without it in any format.
 */
void family_head(struct buf *out, const char *name, const char *type, const char *help,
	enum metrics_format format);

#endif
