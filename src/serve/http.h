/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The embedded server, on TCP and Unix sockets alike. Sees snapshots only. One thread: the caller
 * waits for http_fd() to become readable, or for http_timeout() to pass, and calls http_run().
 */
#ifndef MZ_SERVE_HTTP_H
#define MZ_SERVE_HTTP_H

#include <stddef.h>

#include "base/prefix.h"
#include "model/snapshot.h"
#include "output/metrics.h"

struct http;

struct http_config {
	struct metrics_options metrics;
	const struct prefix *allow; /* who may connect besides loopback; kept by the caller */
	size_t allow_count, favoured_count; /* the first of them have places kept for them */
	const char *const *host_names;	    /* by which we may be asked besides the usual ones, see
					       own_names.h; kept by the caller */
	size_t host_names_count;
	/* The snapshot a page is rendered from, valid until the next call; NULL: there is none. */
	const struct snapshot *(*snapshot)(void *context);
	void *context;
};

/*
 * Serves on sockets (taken over: closed by http_destroy(), also when this fails). config: copied.
 * Returns NULL when out of memory or when the HTTP library refuses.
 */
struct http *http_create(const struct http_config *config, const int *sockets, size_t count);
void http_destroy(struct http *http); /* accepts NULL */

/* Who may connect from now on; the list is kept by the caller, and the first are favoured. */
void http_allow(
	struct http *http, const struct prefix *allow, size_t allow_count, size_t favoured_count);

int http_fd(const struct http *http);	   /* for epoll: readable when there is work */
int http_timeout(const struct http *http); /* milliseconds until http_run(); -1: none */
void http_run(struct http *http);

/* Frees the memory of pages that no client reads. Returns whether that is all of them. */
bool http_rest(struct http *http);

#endif
