// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "config/own_names.h"
#include "serve/clients.h"
#include "serve/fixed.h"
#include "serve/history_answer.h"
#include "serve/history_pages.h"
#include "serve/listen.h"
#include "serve/negotiate.h"
#include "serve/pages.h"

/* Together with the limits of clients.h, this bounds what clients can take. */
#define REQUEST_MEMORY 8192 /* bytes for the headers of one connection, both ways */

#if MHD_VERSION >= 0x00097002
typedef enum MHD_Result mhd_result;
#else
typedef int mhd_result;
#endif

struct http {
	struct http_config config;
	struct MHD_Response *fixed[FIXED];
	struct pages pages;
	struct history_pages history;
	struct clients clients;
	uint64_t now;	  /* monotonic milliseconds, as of http_run() */
	bool closed;	  /* a connection, in the last http_run() */
	struct loop loop; /* of the library's descriptors, for the caller to wait for */
	int spare;
	struct log_limit turned_away;
	size_t server_count;
	struct {
		struct MHD_Daemon *daemon;
		struct loop_source source;
		int socket;
	} server[]; /* one per socket */
};

static void notify_connection(void *context, struct MHD_Connection *connection,
	void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct http *http = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		/* one after the other: the library may return both in the same memory */
		int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				 ->connect_fd;
		const struct sockaddr *peer =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
				->client_addr;

		*socket_context = clients_add(&http->clients, fd, peer, http->now);
	} else {
		http->closed = true;
		if (*socket_context)
			client_remove(&http->clients, *socket_context);
	}
}

static struct client *client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

/* Called at the first line of a request. What it returns becomes *state of answer(). */
static void *notify_begun(void *context, const char *uri, struct MHD_Connection *connection)
{
	const struct http *http = context;
	struct client *client = client_of(connection);

	(void)uri;
	if (client)
		client_begins(client, http->now);
	return NULL;
}

static void notify_completed(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code)
{
	struct http *http = context;

	(void)connection;
	(void)code;
	if (!*state)
		return;
	history_pages_forget(&http->history, *state);
	client_served(*state, http->now);
}

/*
 * Returns the path of a request's target. A server also has to accept "http://NAME/PATH", the form
 * for proxies: NAME is the host then, and the Host header is ignored (RFC 9112, 3.2.2). Sets *host
 * and its length; NULL: the request has none.
 */
static const char *path_of(
	struct MHD_Connection *connection, const char *target, const char **host, size_t *length)
{
	const char *path;

	if (strncasecmp(target, "http://", 7) != 0) {
		*host = MHD_lookup_connection_value(
			connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
		*length = *host ? strlen(*host) : 0;
		return target;
	}
	*host = target + 7;
	*length = strcspn(*host, "/?");
	path = strchr(*host, '/');
	return path ? path : "/";
}

/* Browsers always send a host. On the Unix socket any will do: no browser connects there. */
static bool is_ours(
	const struct http *http, const struct client *client, const char *host, size_t length)
{
	return !client->addressed || !host ||
	       own_names_has(host, length, http->config.host_names, http->config.host_names_count);
}

static mhd_result read_line(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	if (value && !strcasecmp(name, MHD_HTTP_HEADER_ACCEPT))
		negotiate_read_format(context, value);
	else if (value && !strcasecmp(name, MHD_HTTP_HEADER_ACCEPT_ENCODING))
		negotiate_read_encoding(context, value);
	return MHD_YES;
}

/* The page of a path; PAGES_KINDS: none. Of metrics, the client chooses the format. */
static unsigned kind_of(const struct negotiation *accept, const char *path)
{
	if (!strcmp(path, "/metrics"))
		return negotiate_format(accept);
	if (!strcmp(path, "/api/v1/status"))
		return PAGES_STATUS;
	return strcmp(path, "/api/v1/hosts") ? PAGES_KINDS : PAGES_HOSTS;
}

static mhd_result answer_page(struct http *http, struct MHD_Connection *connection,
	struct client *client, unsigned kind, bool gzip)
{
	const struct snapshot *snapshot = http->config.snapshot(http->config.context);
	struct page *page;

	http->pages.metrics.history = history_client_state(&http->history.client);
	page = pages_find(&http->pages, &http->clients, snapshot, kind);
	if (!page)
		return MHD_queue_response(
			connection, MHD_HTTP_SERVICE_UNAVAILABLE, http->fixed[FIXED_UNAVAILABLE]);
	client->reading = page;
	http->clients.counts.scrapes += kind < METRICS_FORMATS;
	return MHD_queue_response(
		connection, MHD_HTTP_OK, pages_response(&http->pages, page, gzip));
}

static mhd_result answer_history(
	struct http *http, struct MHD_Connection *connection, struct client *client, bool gzip)
{
	struct history_asked asked = {.pages = &http->history,
		.clients = &http->clients,
		.client = client,
		.connection = connection,
		.snapshot = http->config.snapshot(http->config.context),
		.month_start = http->config.month_start,
		.now = http->now,
		.gzip = gzip ? &http->pages.gzip : NULL};
	struct MHD_Response *response;
	mhd_result result;
	unsigned status;
	bool own;

	if (!asked.snapshot)
		return MHD_queue_response(
			connection, MHD_HTTP_SERVICE_UNAVAILABLE, http->fixed[FIXED_UNAVAILABLE]);
	response = history_answer(&asked, &status, &own);
	if (!response)
		return status ? MHD_NO : MHD_YES; /* no memory, or suspended */
	result = MHD_queue_response(connection, status, response);
	if (own)
		MHD_destroy_response(response);
	return result;
}

static mhd_result answer(void *context, struct MHD_Connection *connection, const char *target,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **state)
{
	struct http *http = context;
	struct client *client = client_of(connection);
	struct negotiation accept = NEGOTIATE_NOTHING;
	const char *path, *host;
	bool history;
	size_t length;
	unsigned kind;

	(void)version;
	(void)upload;
	if (!client)
		return MHD_NO;
	/*
	 * The first call is at the end of the header; calls with a body, which is ignored, follow.
	 */
	if (!*state) {
		*state = client;
		client_asked(client, http->now);
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	path = path_of(connection, target, &host, &length);
	if (!is_ours(http, client, host, length))
		return MHD_queue_response(
			connection, MHD_HTTP_MISDIRECTED_REQUEST, http->fixed[FIXED_NOT_OURS]);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, read_line, &accept);
	kind = kind_of(&accept, path);
	history = !strcmp(path, "/api/v1/history");
	if (kind == PAGES_KINDS && !history && strcmp(path, "/-/healthy") != 0)
		return MHD_queue_response(
			connection, MHD_HTTP_NOT_FOUND, http->fixed[FIXED_NOT_FOUND]);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return MHD_queue_response(
			connection, MHD_HTTP_METHOD_NOT_ALLOWED, http->fixed[FIXED_NOT_ALLOWED]);
	if (kind != PAGES_KINDS)
		return answer_page(http, connection, client, kind, negotiate_gzip(&accept));
	if (history)
		return answer_history(http, connection, client, negotiate_gzip(&accept));
	return MHD_queue_response(connection, MHD_HTTP_OK, http->fixed[FIXED_HEALTHY]);
}

static mhd_result admit(void *context, const struct sockaddr *peer, socklen_t length)
{
	struct http *http = context;

	(void)length;
	return clients_admit(&http->clients, peer) ? MHD_YES : MHD_NO;
}

/* Leaves '%' escapes in paths: no page has one, and "/metrics%00x" must not become "/metrics". */
static size_t leave_as_it_is(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

static bool start_daemon(struct http *http, int socket)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0,
		admit, http, answer, http, MHD_OPTION_LISTEN_SOCKET, socket,
		MHD_OPTION_CONNECTION_LIMIT, CLIENTS_ALL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)REQUEST_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, notify_connection, http,
		MHD_OPTION_URI_LOG_CALLBACK, notify_begun, http, MHD_OPTION_NOTIFY_COMPLETED,
		notify_completed, http, MHD_OPTION_UNESCAPE_CALLBACK, leave_as_it_is, NULL,
		MHD_OPTION_END);
	const union MHD_DaemonInfo *info;

	if (!daemon)
		return false;
	info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	http->server[http->server_count].daemon = daemon;
	http->server[http->server_count].source.fd = info ? info->epoll_fd : -1;
	http->server[http->server_count].socket = socket;
	return loop_add(&http->loop, &http->server[http->server_count++].source) == 0;
}

struct http *http_create(const struct http_config *config, const int *sockets, size_t count)
{
	struct http *http = calloc(1, sizeof(*http) + count * sizeof(*http->server));

	if (http) {
		size_t started = 0;

		http->spare = -1;
		http->config = *config;
		http->now = now_ms();
		http->config.metrics.exporter = &http->clients.counts;
		clients_init(&http->clients);
		clients_allow(
			&http->clients, config->allow, config->allow_count, config->favoured_count);
		pages_init(&http->pages, &http->config.metrics);
		history_pages_init(&http->history, config->history, config->interval);
		if (loop_open(&http->loop, 0) == 0 && fixed_create(http->fixed))
			while (started < count && start_daemon(http, sockets[started]))
				started++;
		if (started == count && count > 0)
			return http;
	}
	/* MHD_stop_daemon() closes the sockets of daemons that started. */
	for (size_t i = http ? http->server_count : 0; i < count; i++)
		close(sockets[i]);
	http_destroy(http);
	return NULL;
}

void http_destroy(struct http *http)
{
	if (!http)
		return;
	history_pages_stop(&http->history);
	/* The daemons first: afterwards no page is being sent. */
	for (size_t i = 0; i < http->server_count; i++)
		MHD_stop_daemon(http->server[i].daemon);
	pages_finish(&http->pages);
	history_pages_finish(&http->history);
	fixed_destroy(http->fixed);
	loop_close(&http->loop);
	if (http->spare >= 0)
		close(http->spare);
	free(http);
}

int http_fd(const struct http *http)
{
	return loop_fd(&http->loop);
}

int http_timeout(const struct http *http)
{
	uint64_t deadline = clients_deadline(&http->clients), now = now_ms(),
		 history = history_pages_deadline(&http->history);

	/*
	 * libmicrohttpd stops to accept at its limit of connections. It accepts again only in the
	 * run after the one in which a connection ended, and requests no such run.
	 */
	if (http->closed || http->history.resumed)
		return 0;
	for (size_t i = 0; i < http->server_count; i++) {
		MHD_UNSIGNED_LONG_LONG wait;

		/*
		 * It has no timeouts of its own, so a timeout is 0: work that no descriptor shows.
		 */
		if (MHD_get_timeout(http->server[i].daemon, &wait))
			return 0;
	}
	if (history < deadline)
		deadline = history;
	if (deadline == UINT64_MAX)
		return -1;
	return deadline > now ? (int)(deadline - now) : 0;
}

void http_run(struct http *http)
{
	http->now = now_ms();
	http->closed = false;
	clients_expire(&http->clients, http->now);
	history_pages_expire(&http->history, &http->clients, http->now);
	http->history.resumed = false;
	for (size_t i = 0; i < http->server_count; i++) {
		if (listen_turn_away(http->server[i].socket, loop_fd(&http->loop), &http->spare) &&
			log_due(&http->turned_away))
			log_warn("too many open files: HTTP clients are turned away");
		MHD_run(http->server[i].daemon);
	}
}

bool http_free_unused(struct http *http)
{
	bool history = history_pages_free_unused(&http->history, &http->clients);

	return pages_free_unused(&http->pages, &http->clients) && history;
}

int http_history_fd(const struct http *http)
{
	return http->history.client.fd;
}

void http_read_history(struct http *http)
{
	history_pages_receive(&http->history, &http->clients);
}

void http_allow(
	struct http *http, const struct prefix *allow, size_t allow_count, size_t favoured_count)
{
	clients_allow(&http->clients, allow, allow_count, favoured_count);
}
