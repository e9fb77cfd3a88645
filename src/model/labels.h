/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words that outputs use for the values of enums: labels of metrics, keys of JSON. Each
 * function takes a value of its enum, not the enum's count, and returns a constant string.
 * Dashboards depend on these words: docs/metrics.md and docs/api.md list them.
 */
#ifndef MZ_MODEL_LABELS_H
#define MZ_MODEL_LABELS_H

#include "model/history.h"
#include "model/snapshot.h"

const char *labels_direction(unsigned direction); /* of enum mz_direction: upload, download */
const char *labels_side(unsigned direction);	  /* its side of the device: ingress, egress */
const char *labels_kind(unsigned kind);		  /* of enum snapshot_hook_kind */
const char *labels_reason(unsigned reason);	  /* of enum mz_reason */
const char *labels_incomplete(unsigned reason);	  /* of enum snapshot_incomplete */
const char *labels_step(unsigned step);		  /* of enum history_step */
const char *labels_by(unsigned by);		  /* of enum history_by */
const char *labels_gap(unsigned reason);	  /* of enum history_gap_reason */
const char *labels_trouble(unsigned trouble);	  /* of enum history_trouble */

#endif
