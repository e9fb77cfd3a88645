/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text, and the responses of libmicrohttpd that send it: as it is, and packed. */
#ifndef MZ_SERVE_PAGE_H
#define MZ_SERVE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/gzip.h"

struct MHD_Response;

enum { PAGES_PLAIN, PAGES_GZIP, PAGES_CODINGS };

/* Each buffer starts with a pointer to its page: see release(). */
struct page {
	struct buf buf[PAGES_CODINGS];
	struct MHD_Response *response[PAGES_CODINGS]; /* NULL: outdated, or not made yet */
	uint64_t number;			      /* of the snapshot */
	const char *type, *vary;		      /* Content-Type and Vary: constants */
	unsigned reference_count;		      /* of responses with this page */
};

/* Returns the empty buffer of a coding, for its text to be appended. */
struct buf *page_start(struct page *page, int coding);

/* Makes the response, once the text is there. Returns whether that worked. */
bool page_respond(struct page *page, int coding);

/*
 * Returns the page's response, packed where gzip is true and that saves a packet. It stays the
 * page's. state: what packing takes, made when it is first needed.
 */
struct MHD_Response *page_response(struct page *page, bool gzip, struct gzip **state);

/* Gives up the responses. The buffers are in use until reference_count is 0. */
void page_drop(struct page *page);
void page_free(struct page *page); /* its buffers */

/*
 * Adds the headers that every answer has, so that web pages of other origins cannot use it:
 * nosniff, Referrer-Policy, Cross-Origin-Resource-Policy. Returns false where memory is short.
 */
bool page_protect(struct MHD_Response *response);

#endif
