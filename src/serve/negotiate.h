/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_SERVE_NEGOTIATE_H
#define MZ_SERVE_NEGOTIATE_H

/* Content negotiation: in which format, and whether as gzip, a client wants a page. */

#include <stdbool.h>

#include "output/metrics.h"

/*
 * What the Accept and Accept-Encoding headers of a request (RFC 9110, 12.5.1 and 12.5.3) ask for.
 * Starts as NEGOTIATE_NOTHING. A header may have several lines, which mean the same as one line
 * with all their elements (RFC 9110, 5.3), so each line is read by itself. Malformed elements
 * change nothing.
 */
struct negotiation {
	/* per format: the q-value of the most specific range that matches it, in thousandths */
	struct negotiation_worth {
		unsigned specificity, weight;
	} format[METRICS_FORMATS];
	int gzip, plain, any; /* q-values of codings, in thousandths; -1: not named */
};

#define NEGOTIATE_NOTHING ((struct negotiation){.gzip = -1, .plain = -1, .any = -1})

/* Read one line of Accept, and of Accept-Encoding. line: the value, NUL-terminated. */
void negotiate_read_format(struct negotiation *accept, const char *line);
void negotiate_read_encoding(struct negotiation *accept, const char *line);

/*
 * The format with the highest q-value. Of equal ones OpenMetrics wins where the client names it, as
 * Prometheus expects. METRICS_TEXT where the client names neither.
 */
enum metrics_format negotiate_format(const struct negotiation *accept);

/*
 * Whether to send a page as gzip: the client accepts it, and does not prefer the page as it is. A
 * client that refuses both gets the page as it is.
 */
bool negotiate_gzip(const struct negotiation *accept);

#endif
