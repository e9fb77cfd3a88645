/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_SERVE_HISTORY_ANSWER_H
#define MZ_SERVE_HISTORY_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/gzip.h"
#include "model/snapshot.h"
#include "serve/clients.h"
#include "serve/history_pages.h"

struct MHD_Connection;
struct MHD_Response;

/* What is asked for, and where the answer comes from. */
struct history_asked {
	struct history_pages *pages;
	struct clients *clients;
	struct client *client;
	struct MHD_Connection *connection;
	const struct snapshot *snapshot;
	unsigned month_start;
	uint64_t now; /* monotonic milliseconds */
	struct gzip *
		*gzip; /* for packing: see page_response(); NULL: the client does not want it */
};

/*
 * Answers a request for /api/v1/history. Returns the response and sets *status, and *own where the
 * caller destroys the response once it is queued. Returns NULL where the connection is suspended
 * (*status is 0), or where memory is short.
 */
struct MHD_Response *history_answer(const struct history_asked *asked, unsigned *status, bool *own);

#endif
