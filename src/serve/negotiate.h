/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_SERVE_NEGOTIATE_H
#define MZ_SERVE_NEGOTIATE_H

#include <stdbool.h>

#include "output/metrics.h"

/*
 * What a request's Accept and Accept-Encoding headers (RFC 9110, 12.5.1 and 12.5.3) want. A header
 * may come in several lines, which mean what one of all their elements does (RFC 9110, 5.3): each
 * is read by itself. Starts as NEGOTIATE_NOTHING; lines without meaning change nothing.
 */
struct negotiation {
	/* what each format is worth, by the most specific range that matches it */
	struct negotiation_worth {
		unsigned specificity, weight;
	} format[METRICS_FORMATS];
	int gzip, plain, any; /* weights of codings; -1: not named */
};

#define NEGOTIATE_NOTHING ((struct negotiation){.gzip = -1, .plain = -1, .any = -1})

void negotiate_read_format(struct negotiation *accept, const char *line); /* one of Accept */
void negotiate_read_encoding(
	struct negotiation *accept, const char *line); /* one of Accept-Encoding */

/*
 * The format wanted most; METRICS_TEXT where neither is named. Of equal q-values OpenMetrics wins,
 * as Prometheus expects.
 */
enum metrics_format negotiate_format(const struct negotiation *accept);

/*
 * Whether a page is wanted as gzip rather than as it is. Where neither may be sent it is sent as
 * it is, so whatever names no gzip means no.
 */
bool negotiate_gzip(const struct negotiation *accept);

#endif
