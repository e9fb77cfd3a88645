/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the HTTP server: requests, and expectations of their answers. */
#ifndef WEB_H
#define WEB_H

#include "web_server.h"

#define WEB_GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static inline char *web_ask(struct web *web, int fd, const char *request)
{
	web_send(fd, request);
	return web_answer(web, fd, strncmp(request, "HEAD", 4) == 0);
}

/* Asks for a path that is not a constant. */
static inline char *web_ask_path(struct web *web, int fd, const char *method, const char *path)
{
	char request[120];

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method,
		path);
	return web_ask(web, fd, request);
}

static inline const char *web_body(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static inline void web_expect_field(const char *answer, const char *field)
{
	char line[128];

	snprintf(line, sizeof(line), "\r\n%s\r\n", field);
	if (!strcasestr(answer, line))
		fail_msg("no \"%s\" in:\n%.400s", field, answer);
}

/* The value of a counter on a page. The test fails where the page does not have it. */
static inline uint64_t web_value(const char *body, const char *series)
{
	const char *line = body;

	do {
		line = strstr(line + 1, series);
		if (!line)
			fail_msg("no %s in the page", series);
	} while (line[-1] != '\n' || line[strlen(series)] != ' ');
	return strtoull(line + strlen(series), NULL, 10);
}

/* The exporter's own counters on a page. */
static inline struct metrics_exporter web_exporter(const char *body)
{
	static const char *const reasons[] = {"address", "limit", "timeout", "slow"};
	struct metrics_exporter exporter = {web_value(body, "mezoura_http_scrapes_total"), {0}};

	for (size_t i = 0; i < METRICS_REJECTIONS; i++) {
		char series[80];

		snprintf(series, sizeof(series),
			"mezoura_http_rejected_connections_total{reason=\"%s\"}", reasons[i]);
		exporter.rejected[i] = web_value(body, series);
	}
	return exporter;
}

/* Expects a page of web_snapshot(), with any counters of the exporter. body: NUL-terminated. */
static inline void web_expect_body(
	const char *body, size_t length, uint32_t rows, uint64_t number, enum metrics_format format)
{
	struct snapshot *snapshot = web_snapshot(rows, number);
	struct metrics_exporter exporter = web_exporter(body);
	struct metrics_options options = *web_options();
	struct buf buf = {0};

	options.exporter = &exporter;
	metrics_render(snapshot, &options, format, &buf);
	assert_int_equal(length, buf.length);
	assert_memory_equal(body, buf.data, buf.length);
	buf_free(&buf);
	free(snapshot);
}

static inline void web_expect_page(
	const char *answer, uint32_t rows, uint64_t number, enum metrics_format format)
{
	const char *body = web_body(answer);

	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	web_expect_body(body, strlen(body), rows, number, format);
}

/* Whether the server closes a connection without an answer. */
static inline bool web_refuses(struct web *web, int fd)
{
	char byte;
	ssize_t got = web_receive(web, fd, &byte, 1, WEB_PATIENCE_MS);

	return got <= 0 && got != -ETIMEDOUT;
}

/* Whether it does so with a client of that address, before the client has sent anything. */
static inline bool web_shuts_out(struct web *web, const char *from, const char *to)
{
	int fd = web_connect_from(web, from, to);
	bool refused;

	assert_true(fd >= 0);
	refused = web_refuses(web, fd);
	close(fd);
	return refused;
}

/* Whether it answers a client of that address. */
static inline bool web_admits(struct web *web, const char *from, const char *to)
{
	int fd = web_connect_from(web, from, to);
	char *answer;
	bool healthy;

	assert_true(fd >= 0);
	answer = web_ask(web, fd, WEB_GET("/-/healthy"));
	healthy = strstr(answer, "ok\n");
	free(answer);
	close(fd);
	return healthy;
}

/* Expects that a new client gets this page. */
static inline void web_scrape(struct web *web, uint32_t rows, uint64_t number)
{
	int fd = web_connect(web);
	char *answer = web_ask(web, fd, WEB_GET("/metrics"));

	web_expect_page(answer, rows, number, METRICS_TEXT);
	free(answer);
	close(fd);
}

#endif
