/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_SERVE_NEGOTIATE_H
#define MZ_SERVE_NEGOTIATE_H

#include <stdbool.h>

#include "output/metrics.h"

/*
 * What a request's Accept and Accept-Encoding headers (RFC 9110, 12.5.1 and 12.5.3) want. A header
 * may come in several lines, which mean what one of all their elements does (RFC 9110, 5.3): each
 * is read by itself. Starts as ACCEPT_NOTHING; lines without meaning change nothing.
 */
struct accept {
	/* what each format is worth, by the most specific range that matches it */
	struct accept_worth {
		unsigned specificity, weight;
	} format[METRICS_FORMATS];
	int gzip, plain, any; /* weights of codings; -1: not named */
};

#define ACCEPT_NOTHING ((struct accept){.gzip = -1, .plain = -1, .any = -1})

void accept_read_format(struct accept *accept, const char *line);   /* one of Accept */
void accept_read_encoding(struct accept *accept, const char *line); /* one of Accept-Encoding */

/*
 * The format wanted most; METRICS_TEXT where neither is named. Of equal q-values OpenMetrics wins,
 * as Prometheus expects.
 */
enum metrics_format accept_format(const struct accept *accept);

/*
 * Whether a page is wanted as gzip rather than as it is. Where neither may be sent it is sent as
 * it is, so whatever names no gzip means no.
 */
bool accept_gzip(const struct accept *accept);

#endif
