// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/page.h"

#include <microhttpd.h>
#include <string.h>

#define WORTH_PACKING 1000 /* bytes: a smaller page is one packet in any case */

/*
 * The oldest versions of libmicrohttpd pass the text alone: the pointer before it leads to the
 * page.
 */
static void release(void *text)
{
	struct page *page;

	memcpy(&page, (char *)text - sizeof(page), sizeof(page));
	page->reference_count--;
}

void page_drop(struct page *page)
{
	for (int coding = 0; coding < PAGES_CODINGS; coding++) {
		struct MHD_Response *response = page->response[coding];

		page->response[coding] = NULL;
		if (response)
			MHD_destroy_response(response); /* gives up one reference */
	}
}

void page_free(struct page *page)
{
	for (int coding = 0; coding < PAGES_CODINGS; coding++)
		buf_free(&page->buf[coding]);
}

bool page_protect(struct MHD_Response *response)
{
	static const char *const headers[][2] = {{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"}};

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		if (!MHD_add_response_header(response, headers[i][0], headers[i][1]))
			return false;
	return true;
}

/* No cache may keep an answer: docs/decisions/no-etag.md */
static bool add_headers(struct MHD_Response *response, const struct page *page, int coding)
{
	return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type) &&
	       MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
	       MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, page->vary) &&
	       page_protect(response) &&
	       (coding == PAGES_PLAIN ||
		       MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip"));
}

bool page_respond(struct page *page, int coding)
{
	struct buf *buf = &page->buf[coding];
	struct MHD_Response *response = NULL;

	if (!buf->failed)
		response = MHD_create_response_from_buffer_with_free_callback(
			buf->length - sizeof(page), buf->data + sizeof(page), release);
	if (!response)
		return false;
	page->reference_count++;
	if (!add_headers(response, page, coding)) {
		MHD_destroy_response(response);
		return false;
	}
	page->response[coding] = response;
	return true;
}

struct buf *page_start(struct page *page, int coding)
{
	struct buf *buf = &page->buf[coding];

	buf_reset(buf);
	buf_bytes(buf, &page, sizeof(page));
	return buf;
}

struct MHD_Response *page_response(struct page *page, bool gzip, struct gzip **state)
{
	const struct buf *plain = &page->buf[PAGES_PLAIN];

	if (!gzip || plain->length < WORTH_PACKING + sizeof(page))
		return page->response[PAGES_PLAIN];
	if (!*state)
		*state = gzip_create();
	if (!page->response[PAGES_GZIP] && *state) {
		gzip_pack(*state, plain->data + sizeof(page), plain->length - sizeof(page),
			page_start(page, PAGES_GZIP));
		page_respond(page, PAGES_GZIP);
	}
	return page->response[page->response[PAGES_GZIP] ? PAGES_GZIP : PAGES_PLAIN];
}
