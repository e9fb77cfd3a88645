/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renders a snapshot as a page of metrics, for the text file and for HTTP. An output is a function
 * from a snapshot to a buffer: it reads no clock and no file, and allocates only what the buffer
 * needs.
 *
 * To add an output: output/NEW.[ch] with such a function; see output/json_hosts.c for a short one.
 * The exporter serves it as a page (serve/pages.h says how); a file is written by
 * output/textfile.h. To add a metric: about mezoura itself, see output/metrics_self.h; about each
 * host, metrics.c's table of figures, whose values are in struct mz_counts.
 */
#ifndef MZ_OUTPUT_METRICS_H
#define MZ_OUTPUT_METRICS_H

#include "base/buf.h"
#include "model/snapshot.h"
#include "output/family.h"

/*
 * Appends the whole page to out. Where out has a sink, it passes most of the page to it while it
 * renders; the caller flushes the rest. Check out->failed afterwards.
 */
void metrics_render(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out);

#endif
