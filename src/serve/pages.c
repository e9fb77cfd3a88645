// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/pages.h"

#include "output/json_hosts.h"
#include "output/json_status.h"

void pages_init(struct pages *pages, const struct metrics_options *metrics)
{
	pages->metrics = *metrics;
}

void pages_finish(struct pages *pages)
{
	for (size_t i = 0; i < PAGES_MAX; i++) {
		page_drop(&pages->page[i]);
		page_free(&pages->page[i]);
	}
	gzip_destroy(pages->gzip);
}

bool pages_free_unused(struct pages *pages, const struct clients *clients)
{
	bool all = true;

	for (unsigned kind = 0; kind < PAGES_KINDS; kind++)
		if (pages->current[kind] && !clients_have_reader(clients, pages->current[kind])) {
			page_drop(pages->current[kind]);
			pages->current[kind] = NULL;
		}
	for (size_t i = 0; i < PAGES_MAX; i++) {
		if (pages->page[i].reference_count)
			all = false;
		else
			page_free(&pages->page[i]);
	}
	gzip_destroy(pages->gzip);
	pages->gzip = NULL;
	return all;
}

static bool render(struct page *page, const struct metrics_options *metrics,
	const struct snapshot *snapshot, unsigned kind)
{
	static const char *const type[PAGES_KINDS] = {
		[METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[METRICS_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
		[PAGES_STATUS] = "application/json",
		[PAGES_HOSTS] = "application/json",
	};
	struct buf *buf = page_start(page, PAGES_PLAIN);

	page->number = snapshot->number;
	page->type = type[kind];
	page->vary = kind < METRICS_FORMATS ? "Accept, Accept-Encoding" : "Accept-Encoding";
	if (kind == PAGES_STATUS)
		json_status(snapshot, metrics->history, buf);
	else if (kind == PAGES_HOSTS)
		json_hosts(snapshot, buf);
	else
		metrics_render(snapshot, metrics, (enum metrics_format)kind, buf);
	return page_respond(page, PAGES_PLAIN);
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
		page_drop(current); /* the usual case: find_free() returns it again */
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
		page_drop(current);
	pages->current[kind] = page;
	return page;
}

struct MHD_Response *pages_response(struct pages *pages, struct page *page, bool gzip)
{
	return page_response(page, gzip, &pages->gzip);
}
