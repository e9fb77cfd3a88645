// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/pages.h"

#include <microhttpd.h>
#include <string.h>

#include "output/json_hosts.h"
#include "output/json_status.h"

#define WORTH_PACKING 1000 /* bytes: a smaller page is one packet in any case */

void pages_init(struct pages *pages, const struct metrics_options *metrics)
{
	pages->metrics = *metrics;
}

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

static void drop(struct page *page)
{
	for (int coding = 0; coding < PAGES_CODINGS; coding++) {
		struct MHD_Response *response = page->response[coding];

		page->response[coding] = NULL;
		if (response)
			MHD_destroy_response(response); /* gives up one reference */
	}
}

static void free_bufs(struct page *page)
{
	for (int coding = 0; coding < PAGES_CODINGS; coding++)
		buf_free(&page->buf[coding]);
}

void pages_finish(struct pages *pages)
{
	for (size_t i = 0; i < PAGES_MAX; i++) {
		drop(&pages->page[i]);
		free_bufs(&pages->page[i]);
	}
	gzip_destroy(pages->gzip);
}

bool pages_free_unused(struct pages *pages, const struct clients *clients)
{
	bool all = true;

	for (unsigned kind = 0; kind < PAGES_KINDS; kind++)
		if (pages->current[kind] && !clients_have_reader(clients, pages->current[kind])) {
			drop(pages->current[kind]);
			pages->current[kind] = NULL;
		}
	for (size_t i = 0; i < PAGES_MAX; i++) {
		if (pages->page[i].reference_count)
			all = false;
		else
			free_bufs(&pages->page[i]);
	}
	gzip_destroy(pages->gzip);
	pages->gzip = NULL;
	return all;
}

bool pages_protect(struct MHD_Response *response)
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
static bool add_headers(struct MHD_Response *response, unsigned kind, int coding)
{
	static const char *const type[PAGES_KINDS] = {
		[METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[METRICS_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
		[PAGES_STATUS] = "application/json",
		[PAGES_HOSTS] = "application/json",
	};

	return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type[kind]) &&
	       MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
	       MHD_add_response_header(response, MHD_HTTP_HEADER_VARY,
		       kind < METRICS_FORMATS ? "Accept, Accept-Encoding" : "Accept-Encoding") &&
	       pages_protect(response) &&
	       (coding == PAGES_PLAIN ||
		       MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip"));
}

static bool make_response(struct page *page, int coding)
{
	struct buf *buf = &page->buf[coding];
	struct MHD_Response *response = NULL;

	if (!buf->failed)
		response = MHD_create_response_from_buffer_with_free_callback(
			buf->length - sizeof(page), buf->data + sizeof(page), release);
	if (!response)
		return false;
	page->reference_count++;
	if (!add_headers(response, page->kind, coding)) {
		MHD_destroy_response(response);
		return false;
	}
	page->response[coding] = response;
	return true;
}

static struct buf *start(struct page *page, int coding)
{
	struct buf *buf = &page->buf[coding];

	buf_reset(buf);
	buf_bytes(buf, &page, sizeof(page));
	return buf;
}

static bool render(struct page *page, const struct metrics_options *metrics,
	const struct snapshot *snapshot, unsigned kind)
{
	struct buf *buf = start(page, PAGES_PLAIN);

	page->number = snapshot->number;
	page->kind = kind;
	if (kind == PAGES_STATUS)
		json_status(snapshot, buf);
	else if (kind == PAGES_HOSTS)
		json_hosts(snapshot, buf);
	else
		metrics_render(snapshot, metrics, (enum metrics_format)kind, buf);
	return make_response(page, PAGES_PLAIN);
}

static struct page *find_free(struct pages *pages)
{
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (!pages->page[i].reference_count)
			return &pages->page[i];
	return NULL;
}

struct page *pages_find(struct pages *pages, struct clients *clients,
	const struct snapshot *snapshot, unsigned kind)
{
	struct page *current = pages->current[kind], *page;

	if (!snapshot || (current && current->number == snapshot->number))
		return current;
	if (current && !clients_have_reader(clients, current)) {
		drop(current); /* the usual case: find_free() returns it again */
		current = pages->current[kind] = NULL;
	}
	page = find_free(pages);
	if (!page) { /* slow clients hold all of them: make room for the next time */
		for (size_t i = 0; i < PAGES_MAX; i++)
			if (pages->page[i].number != snapshot->number)
				clients_cut_readers(clients, &pages->page[i]);
		return current;
	}
	if (!render(page, &pages->metrics, snapshot, kind))
		return current;
	if (current)
		drop(current);
	pages->current[kind] = page;
	return page;
}

struct MHD_Response *pages_response(struct pages *pages, struct page *page, bool gzip)
{
	const struct buf *plain = &page->buf[PAGES_PLAIN];

	if (!gzip || plain->length < WORTH_PACKING + sizeof(page))
		return page->response[PAGES_PLAIN];
	if (!pages->gzip)
		pages->gzip = gzip_create();
	if (!page->response[PAGES_GZIP] && pages->gzip) {
		gzip_pack(pages->gzip, plain->data + sizeof(page), plain->length - sizeof(page),
			start(page, PAGES_GZIP));
		make_response(page, PAGES_GZIP);
	}
	return page->response[page->response[PAGES_GZIP] ? PAGES_GZIP : PAGES_PLAIN];
}
