/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Renders answers of the recorder as the document of /api/v1/history, which docs/api.md describes.
 */
#ifndef MZ_OUTPUT_JSON_HISTORY_H
#define MZ_OUTPUT_JSON_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/history.h"

/* A time as text, kept for the rows that follow, since many have the same. */
struct json_history_time {
	int64_t time;
	int32_t offset;
	char text[32]; /* in quotes; "": none so far */
};

/* A document that is being written. */
struct json_history {
	struct buf *out;
	struct history_question question;
	size_t limit;	    /* bytes: steps beyond are left out, and "next" leads to them */
	bool begun;	    /* the head is written */
	bool filled;	    /* and a row */
	bool cut;	    /* steps were left out */
	int64_t from, to;   /* of the range */
	int64_t last_start; /* of the last row; or of the first one that was left out */
	struct json_history_time start, end;
};

/*
 * Begins a document in out, which the caller empties. Once limit bytes are written, no
 * further step is begun. What follows the rows may take 200 kB more.
 */
void json_history_begin(struct json_history *json, const struct history_question *question,
	size_t limit, struct buf *out);

/* Appends the next part of an answer without an error, which has been checked. */
void json_history_rows(struct json_history *json, const struct history_answer *answer,
	const struct history_row *rows, const struct history_host *hosts);

/*
 * Appends what follows the rows. gaps: of the last part, perhaps misaligned. put_next appends the
 * path of the next part of the document. Check out->failed afterwards.
 */
void json_history_end(struct json_history *json, const struct history_answer *answer,
	const void *gaps,
	void (*put_next)(const struct history_question *question, int64_t from, int64_t to,
		int64_t after_start, uint64_t after_row, struct buf *out));

#endif
