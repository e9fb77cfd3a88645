/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HTTP server (libmicrohttpd), on TCP and Unix sockets alike. It knows snapshots only. It has
 * no thread: the caller waits until http_fd() is readable or http_timeout() has passed, and calls
 * http_run().
 *
 * To add a page: see serve/pages.h.
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
	const struct prefix *allow;	    /* prefixes that may connect besides loopback */
	size_t allow_count, favoured_count; /* favoured: the first ones, see clients.h */
	const char *const *host_names;	    /* --host-name: see config/own_names.h */
	size_t host_names_count;
	int history;	   /* the socket to the recorder, or what is none: history_client_init() */
	unsigned interval; /* seconds between its reports */
	unsigned month_start; /* day of the month */
	/* Returns the snapshot to render, valid until the next call; NULL: there is none. */
	const struct snapshot *(*snapshot)(void *context);
	void *context;
};

/*
 * Serves on listening sockets, which it closes in http_destroy(), or before it returns NULL.
 * config: copied; what it points to stays the caller's, and must live on. Returns NULL where memory
 * is short or libmicrohttpd refuses.
 */
struct http *http_create(const struct http_config *config, const int *sockets, size_t count);
void http_destroy(struct http *http); /* accepts NULL */

/* Sets the prefixes that may connect from now on: see clients_allow(). */
void http_allow(
	struct http *http, const struct prefix *allow, size_t allow_count, size_t favoured_count);

int http_fd(const struct http *http);	   /* readable when there is work */
int http_timeout(const struct http *http); /* milliseconds until http_run(); -1: none */
void http_run(struct http *http);

/* The socket to the recorder, to be waited for, too; -1: there is nothing to wait for. */
int http_history_fd(const struct http *http);

/* To be called when it is readable. Where clients can go on, http_timeout() is 0 then. */
void http_read_history(struct http *http);

/* Frees the memory of pages that are not being sent. Returns whether that is all of them. */
bool http_free_unused(struct http *http);

#endif
