/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What outputs call the values of a snapshot's enums: labels of metrics, keys of JSON. */
#ifndef MZ_MODEL_LABELS_H
#define MZ_MODEL_LABELS_H

#include "model/snapshot.h"

const char *labels_direction(unsigned direction); /* of enum mz_direction: upload, download */
const char *labels_side(unsigned direction);	  /* where that passes a hook: ingress, egress */
const char *labels_kind(unsigned kind);		  /* of enum snapshot_hook_kind */
const char *labels_reason(unsigned reason);	  /* of enum mz_reason */
const char *labels_incomplete(unsigned reason);	  /* of enum snapshot_incomplete */

#endif
