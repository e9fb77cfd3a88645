/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages of /api/v1/history, and the clients that wait for one. The recorder is asked one
 * question at a time. Meanwhile libmicrohttpd suspends the connections of those who wait, so that
 * other clients are served. A page answers the same question again until there is another snapshot,
 * for a minute at most.
 */
#ifndef MZ_SERVE_HISTORY_PAGES_H
#define MZ_SERVE_HISTORY_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/json_history.h"
#include "serve/clients.h"
#include "serve/history_client.h"
#include "serve/page.h"

struct MHD_Connection;

/* Bounds of what clients can take: 3 pages of 4 MB, and what gzip makes of them. */
#define HISTORY_PAGES	   3
#define HISTORY_PAGE_BYTES (4 << 20)
#define HISTORY_WAITERS	   8
#define HISTORY_PATIENCE_MS                                                                        \
	10000		      /* so long a client waits, until the history is said to be silent */
#define HISTORY_PAGE_MS 60000 /* so long a page answers */

enum history_outcome {
	HISTORY_UNASKED, /* the client has not waited */
	HISTORY_WAITING, /* the connection is suspended, and is handled again once there is more */
	HISTORY_PAGE,
	HISTORY_BUSY,	 /* enough clients wait, or are reading pages */
	HISTORY_SILENT,	 /* no answer in time */
	HISTORY_REFUSED, /* the recorder takes the question for wrong */
	HISTORY_FAILED,	 /* the recorder cannot read the history, or there is no memory */
	HISTORY_UNKEPT	 /* there is no history */
};

struct history_page {
	struct page page;
	struct history_question question;
	uint64_t asked_ms; /* monotonic */
	bool whole;
};

struct history_waiter {
	struct client *client;
	struct MHD_Connection *connection;
	struct history_question question;
	uint64_t deadline; /* monotonic milliseconds */
	enum history_outcome outcome;
	struct page *page; /* of HISTORY_PAGE: the client counts as its reader already */
};

struct history_pages {
	struct history_client client;
	struct history_page page[HISTORY_PAGES];
	struct history_page *rendering; /* NULL: no question is asked */
	struct json_history json;
	struct history_waiter waiter[HISTORY_WAITERS]; /* first come, first */
	size_t waiter_count;
	bool resumed;	      /* a connection, which libmicrohttpd requests no run for */
	uint64_t number, now; /* as of history_pages_find(), and of history_pages_expire() */
};

/* pages: zeroed. fd, interval: of history_client_init(). */
void history_pages_init(struct history_pages *pages, int fd, unsigned interval);

/* Resumes all clients, for libmicrohttpd to close them. */
void history_pages_stop(struct history_pages *pages);

/* Frees all pages. No page may be being sent any more. */
void history_pages_finish(struct history_pages *pages);

/* The end of a client's wait. HISTORY_PAGE sets *page, and it is being sent from now on. */
enum history_outcome history_pages_waited(
	struct history_pages *pages, struct client *client, struct page **page);

/*
 * The page for a question of history_request.h; or asks for it, and suspends the connection.
 * number: of the snapshot; now: monotonic milliseconds. May cut off clients that read old pages.
 */
enum history_outcome history_pages_find(struct history_pages *pages, struct clients *clients,
	struct client *client, struct MHD_Connection *connection,
	const struct history_question *question, uint64_t number, uint64_t now, struct page **page);

/* The client's request has ended. */
void history_pages_forget(struct history_pages *pages, const struct client *client);

/* Takes a message of the recorder. Returns false where its socket brings no more. */
bool history_pages_receive(struct history_pages *pages, struct clients *clients);

/* When history_pages_expire() is due, in monotonic milliseconds; UINT64_MAX: never. */
uint64_t history_pages_deadline(const struct history_pages *pages);
void history_pages_expire(struct history_pages *pages, struct clients *clients, uint64_t now);

/* Frees the memory of pages that are not being sent. Returns whether that is all of them. */
bool history_pages_free_unused(struct history_pages *pages, const struct clients *clients);

#endif
