/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a tally from a text, so that tests render every output without a kernel. */
#ifndef MZ_MODEL_TALLY_TEXT_H
#define MZ_MODEL_TALLY_TEXT_H

#include <stdio.h>

#include "model/tally.h"

/*
 * Adds the lines of file to tally, which tally_init() has made, and sorts it. Words are separated
 * by blanks; '#' begins a comment line: host INTERFACE MAC ADDRESS UPLOAD-BYTES UPLOAD-PACKETS
 * DOWNLOAD-BYTES DOWNLOAD-PACKETS unattributed upload|download REASON BYTES PACKETS capacity N MAC
 * is '-' on a device without link layer; REASON is a number of enum mz_reason. Returns 0, -ENOMEM,
 * or -EINVAL where a line is none of these. On error *line is its number, from 1.
 */
int tally_text_read(FILE *file, struct tally *tally, unsigned *line);

#endif
