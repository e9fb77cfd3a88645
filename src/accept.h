/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_ACCEPT_H
#define MZ_ACCEPT_H

#include <stdbool.h>

#include "metrics.h"

/*
 * Which format an HTTP Accept header (RFC 9110, 12.5.1) wants most; NULL and whatever names
 * neither mean METRICS_TEXT. Of equal q-values OpenMetrics wins, as Prometheus expects.
 */
enum metrics_format accept_format(const char *header);

/*
 * Whether an HTTP Accept-Encoding header (RFC 9110, 12.5.3) wants a page as gzip rather than as it
 * is. Where neither may be sent it is sent as it is, so NULL and whatever names no gzip mean no.
 */
bool accept_gzip(const char *header);

#endif
