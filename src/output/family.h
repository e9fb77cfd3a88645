/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Families of metrics: the formats of their page, its options, and the head of a family. */
#ifndef MZ_OUTPUT_FAMILY_H
#define MZ_OUTPUT_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/history.h"
#include "model/snapshot.h"

enum metrics_format {
	METRICS_TEXT,	     /* text/plain; version=0.0.4 */
	METRICS_OPENMETRICS, /* application/openmetrics-text; version=1.0.0 */
	METRICS_FORMATS
};

/* Why the exporter refused or cut off an HTTP connection. */
enum metrics_rejection {
	METRICS_REJECT_ADDRESS, /* its address may not connect: see serve/allowed.h */
	METRICS_REJECT_LIMIT,	/* another one took its place, or all places were taken */
	METRICS_REJECT_TIMEOUT, /* its request or its answer took too long */
	METRICS_REJECT_SLOW, /* it was still reading an old page when a new one needed the memory */
	METRICS_REJECTIONS
};

/* What the exporter counts of itself. */
struct metrics_exporter {
	uint64_t scrapes;
	uint64_t rejected[METRICS_REJECTIONS];
};

struct metrics_options {
	bool legacy;	   /* the node_nat_traffic_* gauges: --metrics legacy or all */
	bool native;	   /* the other families: --metrics native or all */
	bool show_unknown; /* --unknown show: the legacy families have hosts without a name, too */
	const struct metrics_exporter *exporter; /* NULL: the page is not the exporter's */
	const struct snapshot_process *process;	 /* the exporter's; NULL: not known */
	const struct history_state *history;	 /* NULL: none is kept, or not known */
};

enum family_type { FAMILY_GAUGE, FAMILY_COUNTER };

/*
 * Appends HELP and TYPE of a family. name: of a counter, without the _total of its samples, as
 * OpenMetrics writes it; the text format writes it with _total.
 */
void family_head(struct buf *out, const char *name, enum family_type type, const char *help,
	enum metrics_format format);

#endif
