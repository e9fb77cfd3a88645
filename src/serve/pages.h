/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages that the exporter serves. It renders a page once per snapshot and kind, and compresses
 * it once, when the first client wants gzip. A page is kept for as long as it is being sent. Its
 * buffers are used again until pages_free_unused().
 *
 * To add a page: a kind below, its content type and its renderer in pages.c's render(), its path in
 * http.c's kind_of(). Renderers are in output/.
 */
#ifndef MZ_SERVE_PAGES_H
#define MZ_SERVE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "output/metrics.h"
#include "serve/clients.h"
#include "serve/page.h"

/* The kinds of pages: the formats of the metrics (enum metrics_format), and these. */
enum { PAGES_STATUS = METRICS_FORMATS, PAGES_HOSTS, PAGES_KINDS };

/* One per kind, and two more, for older pages that slow clients are still reading. */
#define PAGES_MAX (PAGES_KINDS + 2)

struct pages {
	struct page page[PAGES_MAX];
	struct page *current[PAGES_KINDS];
	struct metrics_options metrics;
	struct gzip *gzip; /* NULL: no client has wanted gzip so far */
};

/* pages: zeroed. metrics: copied; what it points to must live on. */
void pages_init(struct pages *pages, const struct metrics_options *metrics);

/* Frees all pages. No page may be being sent any more. */
void pages_finish(struct pages *pages);

/*
 * Returns the page of that kind for the snapshot, rendered now if need be. Returns an older page,
 * or NULL, where snapshot is NULL, memory is short, or slow clients hold all pages. In the last
 * case it cuts off those that read older snapshots, so that there is room the next time.
 */
struct page *pages_find(struct pages *pages, struct clients *clients,
	const struct snapshot *snapshot, unsigned kind);

/* Frees the memory of pages that are not being sent. Returns whether that is all of them. */
bool pages_free_unused(struct pages *pages, const struct clients *clients);

/*
 * Returns the response for a page, compressed where gzip is true and saves a packet. It stays the
 * page's.
 */
struct MHD_Response *pages_response(struct pages *pages, struct page *page, bool gzip);

#endif
