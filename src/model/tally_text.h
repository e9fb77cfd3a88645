/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other reader: rows from a text, so that all outputs can be tested without a kernel. */
#ifndef MZ_MODEL_TALLY_TEXT_H
#define MZ_MODEL_TALLY_TEXT_H

#include <stdio.h>

#include "model/tally.h"

/*
 * Reads lines of blank-separated words into tally, sorted at the end; '#' begins a comment:
 *   host INTERFACE MAC ADDRESS UPLOAD-BYTES UPLOAD-PACKETS DOWNLOAD-BYTES DOWNLOAD-PACKETS
 *   unattributed upload|download REASON BYTES PACKETS
 *   capacity N
 * MAC is '-' on a device without link layer; REASON is a number of enum mz_reason. Returns 0,
 * -ENOMEM, or -EINVAL where *line (from 1) is none of these.
 */
int tally_text_read(FILE *file, struct tally *tally, unsigned *line);

#endif
