/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The families of metrics about mezoura itself: what it could not attribute, its tables, its hooks,
 * its processes. docs/metrics.md lists them all.
 *
 * To add a family: one call in metrics_self(), with its name, its text and its value, which the
 * daemon puts into struct snapshot (model/snapshot.h). A family with labels has a function, as
 * put_names(). Then docs/metrics.md, tests/unit/test_metrics.c and tests/golden/.
 */
#ifndef MZ_OUTPUT_METRICS_SELF_H
#define MZ_OUTPUT_METRICS_SELF_H

#include "base/buf.h"
#include "model/snapshot.h"
#include "output/family.h"

/* Appends the families of every page. */
void metrics_self(const struct snapshot *snapshot, enum metrics_format format, struct buf *out);

/* Appends the families of pages that the exporter serves. options->exporter: not NULL. */
void metrics_exporter(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out);

#endif
