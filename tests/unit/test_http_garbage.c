// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes that are not a request, or hardly one. */
#include "web.h"

#include "serve/clients.h"

static int isolate(void **state)
{
	bool isolated;

	(void)state;
	return web_isolate(&isolated);
}

static void a_request_that_dribbles_in_is_answered(void **state)
{
	static const char request[] = WEB_GET("/metrics");
	struct web web;
	char *answer;
	int fd;

	(void)state;
	web_start(&web, 3, NULL);
	fd = web_connect(&web);
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
		web_run(&web, 1);
	}
	answer = web_answer(&web, fd, false);
	web_expect_page(answer, 3, 1, METRICS_TEXT);
	free(answer);
	close(fd);
	web_stop(&web);
}

static void garbage_is_refused_or_ignored(void **state)
{
	static const char *const garbage[] = {"\r\n\r\n\r\n\r\n", "GET\r\n\r\n",
		"GET /metrics\r\n\r\n", "GET  HTTP/1.1\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "/metrics",
		"GET /metrics HTTP/9.9\r\nHost: localhost\r\n\r\n", "GET /metrics HTTP/0.9\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /metrics HTTP/1.1\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost x\r\n\r\n", "GET /metrics HTTP/1.1\n\n",
		"GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
		"99999999999999999999\r\n\r\n",
		"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
		"chunked\r\n\r\nzz\r\n",
		"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
		"ffffffffffffffffff\r\n",
		"POST /metrics HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n",
		WEB_GET("/%00%ff%zz%metrics"), WEB_GET("/metrics?%00=%zz&&&=;&"),
		"GET /metrics HTTP/1.1\r\nHost: localhost\r\nCookie: =;=\";;\r\nAccept: "
		"\xff\x01\";q\r\n\r\n",
		"GET /metrics HTTP/1.1\r\n folded: x\r\n\tmore\r\nHost: localhost\r\n\r\n"};
	struct web web;

	(void)state;
	web_start(&web, 3, NULL);
	for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
		int fd = web_connect(&web);
		char some[1000];

		web_send(fd, garbage[i]);
		web_receive(&web, fd, some, sizeof(some), 30);
		close(fd);
	}
	web_scrape(&web, 3, 1);
	web_expect_calm(&web);
	web_stop(&web);
}

static void headers_without_end_are_refused(void **state)
{
	static const char *const piece[] = {"a", "a: b\r\n", " folded\r\n", "x=y&", "\r\n"};
	struct web web;

	(void)state;
	web_start(&web, 3, NULL);
	for (size_t i = 0; i < sizeof(piece) / sizeof(*piece); i++) {
		int fd = web_connect(&web);
		char some[1000];

		if (i < 4)
			web_send(fd, i == 3 ? "GET /metrics?" : "GET /metrics HTTP/1.1\r\na: b");
		for (int k = 0; k < 40000; k++) {
			if (send(fd, piece[i], strlen(piece[i]), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
				break;
			if (k % 100 == 0)
				web_run(&web, 0);
		}
		web_settle(&web);
		/* an error, and the end; the server keeps nothing of empty lines */
		if (i < 4) {
			while (web_receive(&web, fd, some, sizeof(some), WEB_PATIENCE_MS) > 0)
				;
			assert_true(recv(fd, some, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN);
		}
		close(fd);
	}
	web_scrape(&web, 3, 1);
	web_expect_calm(&web);
	web_stop(&web);
}

/* Requests to garble, and how the answer to the unchanged one begins. */
static const struct {
	const char *text, *answer;
} requests[] = {
	{WEB_GET("/metrics"), "HTTP/1.1 200 "},
	{"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip, *;q=0.1\r\n"
	 "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
	 "application/openmetrics-text;version=0.0.1;q=0.5,"
	 "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
	 "text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\nUser-Agent: Prometheus/3.5.0\r\n"
	 "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n",
		"HTTP/1.1 200 "},
	{"HEAD /api/v1/status HTTP/1.1\r\nHost: [::1]:9999\r\nAccept-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 200 "},
	{"GET /api/v1/hosts?a=b&c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 "},
	{"GET /-/healthy HTTP/1.0\r\n\r\n", "HTTP/1.1 200 "},
	{"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 405 "},
	{"PUT /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n0\r\nTrailer: z\r\n\r\n",
		"HTTP/1.1 40"}, /* 405; or 400 of libmicrohttpd 1.0, which takes no ;x=y */
	{"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; c=\"d\"\r\n\r\n",
		"HTTP/1.1 404 "},
	{"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n",
		"HTTP/1.1 "}, /* 100; or 404 of libmicrohttpd 1.0, as nothing is to come */
};
#define REQUESTS (sizeof(requests) / sizeof(*requests))
#define LONGEST	 2000

static unsigned seed;

static size_t up_to(size_t most)
{
	return (size_t)rand_r(&seed) % (most + 1);
}

/* Garbles a request in one way. bytes: room for LONGEST. Returns the length. */
static size_t mutate(char *bytes, size_t length)
{
	static const char *const odd[] = {"\r\n", "\r\n\r\n", ": ", "\n", " ", "\0", "\xff", "%00",
		"HTTP/1.1", "/", "Content-Length: 18446744073709551615\r\n", "\"", ";q=", "\r"};
	size_t at = up_to(length), count = up_to(length - at < 20 ? length - at : 20);
	const char *piece = odd[up_to(sizeof(odd) / sizeof(*odd) - 1)];
	size_t size = strlen(piece) + !*piece;

	switch (up_to(4)) {
	case 0: /* changes a byte */
		if (at < length)
			bytes[at] = (char)rand_r(&seed);
		return length;
	case 1: /* removes some bytes */
		memmove(bytes + at, bytes + at + count, length - at - count);
		return length - count;
	case 2: /* repeats some */
		if (length + count > LONGEST)
			return length;
		memmove(bytes + at + count, bytes + at, length - at);
		return length + count;
	case 3: /* inserts a meaningful part in a wrong place */
		if (length + size > LONGEST)
			return length;
		memmove(bytes + at + size, bytes + at, length - at);
		memcpy(bytes + at, piece, size);
		return length + size;
	default: /* cuts the rest off */
		return at;
	}
}

/* Sends up to five pieces. The server may run in between. */
static void send_in_pieces(struct web *web, int fd, const char *bytes, size_t length)
{
	for (size_t sent = 0, pieces = up_to(4) + 1; sent < length; pieces--) {
		size_t piece = pieces > 1 ? up_to(length - sent) : length - sent;

		if (send(fd, bytes + sent, piece, MSG_NOSIGNAL) < 0)
			return; /* the server has closed it */
		sent += piece;
		if (up_to(1))
			web_run(web, 0);
	}
}

static void try_one(struct web *web, size_t mutations)
{
	size_t which = up_to(REQUESTS - 1), length = strlen(requests[which].text);
	char bytes[LONGEST], some[20] = "", from[16];
	ssize_t got;
	int fd;

	/* several addresses, as the ports of one would run out */
	snprintf(from, sizeof(from), "127.0.%zu.%zu", up_to(255), 1 + up_to(253));
	fd = web_connect_from(web, from, "127.0.0.1");
	assert_true(fd >= 0);
	memcpy(bytes, requests[which].text, length);
	for (size_t i = 0; i < mutations; i++)
		length = mutate(bytes, length);
	send_in_pieces(web, fd, bytes, length);
	for (size_t runs = mutations ? up_to(3) : 0; runs; runs--)
		web_run(web, 0);
	got = web_receive(web, fd, some, 13, mutations ? 0 : WEB_PATIENCE_MS);
	if (got > 0 && memcmp(some, "HTTP/1.", 7) != 0)
		fail_msg("not an answer: %s", some);
	if (!mutations &&
		strncmp(some, requests[which].answer, strlen(requests[which].answer)) != 0)
		fail_msg("%s, not %s, for: %s", some, requests[which].answer, requests[which].text);
	if (up_to(3) == 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
			sizeof(struct linger));
	close(fd);
}

/* MZ_REQUESTS and MZ_SEED in the environment choose how many and which. */
static void mutated_requests_do_no_harm(void **state)
{
	const char *wanted = getenv("MZ_REQUESTS"), *chosen = getenv("MZ_SEED");
	unsigned long count = wanted ? strtoul(wanted, NULL, 10) : rounds(20000, 1);
	struct web web;

	(void)state;
	seed = chosen ? (unsigned)strtoul(chosen, NULL, 10) : 1;
	web_start(&web, 3, NULL);
	for (unsigned long i = 0; i < count; i++) {
		alarm(HANGS_S);
		try_one(&web, i % 10 ? 1 + up_to(4) : 0);
		if (i % 1000 == 999) {
			web_publish(&web, 3, i);
			web_scrape(&web, 3, i);
		}
	}
	web_expect_calm(&web);
	/* The server notices a client that left in the middle of a request when its time is up. */
	assert_true(http_timeout(web.http) <= CLIENTS_ANSWER_MS);
	web_stop(&web);
	print_message("%lu requests\n", count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_that_dribbles_in_is_answered),
		cmocka_unit_test(garbage_is_refused_or_ignored),
		cmocka_unit_test(headers_without_end_are_refused),
		cmocka_unit_test(mutated_requests_do_no_harm),
	};

	return cmocka_run_group_tests_name("http_garbage", tests, isolate, NULL);
}
