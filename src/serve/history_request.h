/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The query string of /api/v1/history, read into a question for the recorder. Pure. */
#ifndef MZ_SERVE_HISTORY_REQUEST_H
#define MZ_SERVE_HISTORY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/history.h"
#include "model/snapshot.h"

#define HISTORY_PARAMETER 16 /* bytes of a parameter's name that an error repeats, with the NUL */

struct history_request {
	struct history_question question; /* its size, kind and number are 0 */
	unsigned given;			  /* bits of the parameters that were there */
	/* The first error; expected NULL: none so far. */
	const char *error, *expected; /* constants */
	char parameter[HISTORY_PARAMETER];
};

/* month_start: of the configuration. By default: step=hour, by=host, everybody. */
void history_request_begin(struct history_request *request, unsigned month_start);

/*
 * Takes a parameter as libmicrohttpd passes it: '+' is a blank already, '%' escapes are not
 * decoded; value NULL: there was no '='. snapshot: where an address is looked up, for its MAC.
 * Returns false once there is an error.
 */
bool history_request_add(struct history_request *request, const char *name, const char *value,
	const struct snapshot *snapshot);

/* To be called behind the last parameter. Whether the question can be asked. */
bool history_request_end(struct history_request *request);

/* Appends the error as one line of JSON. */
void history_request_error(const struct history_request *request, struct buf *out);

/*
 * Appends the path and query by which the same question goes on: after_start and after_row as in
 * struct history_question. from, to: the range as the recorder understood it.
 */
void history_request_next(const struct history_question *question, int64_t from, int64_t to,
	int64_t after_start, uint64_t after_row, struct buf *out);

#endif
