/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages that the exporter serves: rendered once a snapshot and kind, packed once where somebody
 * wants that, and kept for as long as somebody still reads them. Buffers are used again until
 * pages_rest().
 */
#ifndef MZ_SERVE_PAGES_H
#define MZ_SERVE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/gzip.h"
#include "model/snapshot.h"
#include "output/metrics.h"
#include "serve/clients.h"

struct MHD_Response;

/* The formats of the metrics, and more. */
enum { PAGES_STATUS = METRICS_FORMATS, PAGES_HOSTS, PAGES_KINDS };

/* One of each kind, and two that slow clients may hold on to while newer ones are served. */
#define PAGES_MAX (PAGES_KINDS + 2)

enum { PAGES_PLAIN, PAGES_GZIP, PAGES_CODINGS };

/* A rendered snapshot. Each buffer starts with a pointer to the page itself: see release(). */
struct page {
	struct buf buf[PAGES_CODINGS];
	struct MHD_Response *response[PAGES_CODINGS]; /* ours to serve; NULL: outdated, or none */
	uint64_t number;			      /* of the snapshot */
	unsigned kind, reference_count;		      /* by responses, so by us or by clients */
};

struct pages {
	struct page page[PAGES_MAX];
	struct page *current[PAGES_KINDS];
	struct metrics_options metrics;
	struct gzip *gzip; /* NULL: nothing is to be packed so far */
};

/* Headers that every answer has, so that no page elsewhere uses it. Returns whether they fit. */
bool pages_protect(struct MHD_Response *response);

/* pages: zeroed. */
void pages_init(struct pages *pages, const struct metrics_options *metrics);
void pages_finish(struct pages *pages); /* when no client reads any more */

/*
 * The page of that kind of the snapshot. Without one (NULL), or where there is no room for it, an
 * older page, or NULL; the slowest readers are then cut off, and the next time there will be room.
 */
struct page *pages_find(struct pages *pages, struct clients *clients,
	const struct snapshot *snapshot, unsigned kind);

/* Frees the memory of all that no client reads. Returns whether that is everything. */
bool pages_rest(struct pages *pages, const struct clients *clients);

/* How to send it, as gzip if that is wanted and worth it. It stays the page's. */
struct MHD_Response *pages_response(struct pages *pages, struct page *page, bool gzip);

#endif
