/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the HTTP server: the server and its clients in one thread. While a client waits, the
 * server runs.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "isolate.h"
#include "serve/http.h"
#include "serve/listen.h"

#define WEB_PATIENCE_MS 60000 /* only a test that fails waits for so long */

struct web {
	struct http *http;
	struct snapshot *snapshot;
	unsigned port;
	unsigned runs; /* calls of http_run() so far */
};

/* Makes a snapshot of hosts without names, with a different count each. */
static inline struct snapshot *web_snapshot(uint32_t rows, uint64_t value)
{
	size_t size = rows * sizeof(struct snapshot_address);
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot) + size + 8);

	assert_non_null(snapshot);
	snapshot->address_count = rows;
	snapshot->hosts_at = snapshot->text_at = (uint32_t)size;
	snapshot->text_length = 1;
	snapshot->number = value;
	for (uint32_t i = 0; i < rows; i++) {
		struct snapshot_address *row = (struct snapshot_address *)snapshot->data + i;
		uint32_t number = htonl(i);

		row->family = AF_INET;
		row->mac[0] = 2;
		memcpy(row->addr, &number, 4);
		memcpy(row->mac + 2, &number, 4);
		for (unsigned d = 0; d < MZ_DIRECTIONS; d++) {
			row->counts.bytes[d] = value + i * 2654435761u * (1 + d);
			row->counts.packets[d] = value + i * 2246822519u * (1 + d);
		}
	}
	return snapshot;
}

static inline const struct metrics_options *web_options(void)
{
	static const struct metrics_options all = {
		.legacy = true, .native = true, .show_unknown = true};

	return &all;
}

static inline const struct snapshot *web_current(void *context)
{
	return ((struct web *)context)->snapshot;
}

/* Replaces the snapshot and frees the last one: http.c must not keep any part of it. */
static inline void web_publish(struct web *web, uint32_t rows, uint64_t number)
{
	free(web->snapshot);
	web->snapshot = web_snapshot(rows, number);
}

static inline unsigned web_port(int fd)
{
	struct sockaddr_in6 bound; /* sockaddr_in has its port at the same offset */
	socklen_t length = sizeof(bound);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &length), 0);
	return ntohs(bound.sin6_port);
}

static inline struct sockaddr_storage web_address(const char *text)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address;

	address.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(address.ss_family, text,
				 strchr(text, ':') ? (void *)&v6->sin6_addr : &v4->sin_addr),
		1);
	return address;
}

static inline int web_listen(const char *text, unsigned port)
{
	struct sockaddr_storage address = web_address(text);

	return listen_tcp(&address, port);
}

/* Starts a server on all addresses. allow: one more prefix that may connect, or NULL. */
static inline void web_start(struct web *web, uint32_t rows, const struct prefix *allow)
{
	struct http_config config = {.metrics = *web_options(),
		.allow = allow,
		.allow_count = allow ? 1 : 0,
		.snapshot = web_current,
		.context = web};
	int fd = listen_tcp(NULL, 0);

	assert_true(fd >= 0);
	*web = (struct web){.snapshot = web_snapshot(rows, 1), .port = web_port(fd)};
	web->http = http_create(&config, &fd, 1);
	assert_non_null(web->http);
}

static inline void web_stop(struct web *web)
{
	http_destroy(web->http);
	free(web->snapshot);
}

/* Runs the server's loop once, which waits at most ms. */
static inline void web_run(struct web *web, int ms)
{
	struct pollfd pollfd[] = {{.fd = http_fd(web->http), .events = POLLIN},
		{.fd = http_history_fd(web->http), .events = POLLIN}};
	int timeout = http_timeout(web->http);

	if (timeout >= 0 && timeout < ms)
		ms = timeout;
	if (poll(pollfd, 2, ms) == 0 && ms != timeout)
		return;
	if (pollfd[1].revents)
		http_read_history(web->http);
	http_run(web->http);
	web->runs++;
}

/* Lets the server run until it has nothing to do for a while. */
static inline void web_settle(struct web *web)
{
	uint64_t end = now_ms() + WEB_PATIENCE_MS;
	unsigned runs;

	do {
		runs = web->runs;
		web_run(web, 20);
		assert_true(now_ms() < end);
	} while (web->runs != runs);
}

/* Expects that the server comes to rest. A late event delays that once; a busy loop never rests. */
static inline void web_expect_calm(struct web *web)
{
	uint64_t end = now_ms() + WEB_PATIENCE_MS;
	unsigned runs;

	do {
		web_settle(web);
		runs = web->runs;
		for (int i = 0; i < 10; i++)
			web_run(web, 2);
	} while (web->runs - runs > 1 && now_ms() < end);
	assert_true(web->runs - runs <= 1);
}

/* Connects a client. from, to: addresses of the same family. */
static inline int web_connect_from(const struct web *web, const char *from, const char *to)
{
	struct sockaddr_storage a = web_address(from), b = web_address(to);
	int fd = socket(b.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	assert_true(fd >= 0);
	((struct sockaddr_in6 *)&b)->sin6_port = htons((uint16_t)web->port); /* or v4's */
	error = bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
		connect(fd, (struct sockaddr *)&b, sizeof(b));
	if (!error)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static inline int web_connect(const struct web *web)
{
	int fd = web_connect_from(web, "127.0.0.1", "127.0.0.1");

	assert_true(fd >= 0);
	return fd;
}

/* Closes a connection by a reset. */
static inline void web_reset(int fd)
{
	const struct linger none = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

static inline void web_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/*
 * Receives while the server runs. Returns the number of bytes; 0: closed; -ECONNRESET: reset;
 * -ETIMEDOUT: nothing within ms, without the time in which other programs had the CPU.
 */
static inline ssize_t web_receive(struct web *web, int fd, char *text, size_t room, int ms)
{
	uint64_t waited = 0, start;
	ssize_t got;

	while ((got = recv(fd, text, room, MSG_DONTWAIT)) < 0 && errno == EAGAIN) {
		if (waited >= (uint64_t)ms)
			return -ETIMEDOUT;
		start = now_ms();
		web_run(web, 10);
		start = now_ms() - start;
		waited += start < 50 ? start : 50;
	}
	return got < 0 ? -errno : got;
}

/* Receives one answer; the caller frees it. "": the connection was closed without one. */
static inline char *web_answer(struct web *web, int fd, bool head)
{
	size_t size = 1 << 16, length = 0, whole = 0;
	char *text = malloc(size), *body, *field;
	ssize_t got;

	assert_non_null(text);
	text[0] = '\0';
	while (!whole || length < whole) {
		/* one answer at a time: the next one of a pipeline stays in the socket */
		got = web_receive(
			web, fd, text + length, whole ? whole - length : 1, WEB_PATIENCE_MS);
		if (got <= 0)
			break;
		length += (size_t)got;
		text[length] = '\0';
		body = whole ? NULL : strstr(text, "\r\n\r\n");
		if (!body)
			continue;
		field = strcasestr(text, "\r\nContent-Length: ");
		whole = (size_t)(body + 4 - text);
		if (field && !head)
			whole += strtoul(field + 18, NULL, 10);
		if (whole + 1 > size)
			text = realloc(text, size = whole + 1);
		assert_non_null(text);
	}
	assert_true(!whole || length == whole);
	return text;
}

/* The Content-Length of an answer: a compressed body has NUL bytes in it. */
static inline size_t web_length(const char *answer)
{
	const char *field = strcasestr(answer, "\r\nContent-Length: ");

	assert_non_null(field);
	return strtoul(field + 18, NULL, 10);
}

#endif
