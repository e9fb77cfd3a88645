// SPDX-License-Identifier: GPL-2.0-or-later
/* The readers of Accept and Accept-Encoding headers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct negotiation read_both(const char *line)
{
	struct negotiation accept = NEGOTIATE_NOTHING;

	negotiate_read_format(&accept, line);
	negotiate_read_encoding(&accept, line);
	return accept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *header = malloc(size + 3); /* of its own, so that a byte read too far shows */
	enum metrics_format format;
	struct negotiation accept, same;

	if (!header)
		return 0;
	memcpy(header, ", ", 2);
	memcpy(header + 2, data, size);
	header[size + 2] = '\0';
	accept = read_both(header + 2);
	same = read_both(header);
	format = negotiate_format(&accept);
	if (format != METRICS_TEXT && format != METRICS_OPENMETRICS)
		abort();
	/* An empty element changes nothing. */
	if (format != negotiate_format(&same))
		abort();
	/* A client gets OpenMetrics only if it names it or excludes the text format. */
	if (format == METRICS_OPENMETRICS && !strcasestr(header, "application/") &&
		!(strcasestr(header, "text/") && strstr(header, "*/*")))
		abort();
	if (negotiate_gzip(&accept) != negotiate_gzip(&same))
		abort();
	/* A client gets gzip only if it names it or any coding. */
	if (negotiate_gzip(&accept) && !strcasestr(header, "gzip") && !strchr(header, '*'))
		abort();
	free(header);
	return 0;
}
