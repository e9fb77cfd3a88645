// SPDX-License-Identifier: GPL-2.0-or-later
/* What is not a request, or hardly one. */
#include "web.h"

static int isolate(void **state)
{
	bool isolated;

	(void)state;
	return web_isolate(&isolated);
}

static void a_request_that_dribbles_in_is_answered(void **state)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
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
		"GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n", "GET /metrics HTTP/1.1\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost x\r\n\r\n", "GET /metrics HTTP/1.1\n\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		"ffffffffffffffffff\r\n",
		"POST /metrics HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
		"GET /%00%ff%zz%metrics HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /metrics?%00=%zz&&&=;& HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\nCookie: =;=\";;\r\nAccept: "
		"\xff\x01\";q\r\n\r\n",
		"GET /metrics HTTP/1.1\r\n folded: x\r\n\tmore\r\nHost: x\r\n\r\n"};
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
		/* an error and its end; of empty lines alone nothing is kept */
		if (i < 4) {
			while (web_receive(&web, fd, some, sizeof(some), 2000) > 0)
				;
			assert_true(recv(fd, some, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN);
		}
		close(fd);
	}
	web_scrape(&web, 3, 1);
	web_expect_calm(&web);
	web_stop(&web);
}

static void random_bytes_do_no_harm(void **state)
{
	static const char valid[] = "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
				    "Connection: keep-alive\r\nAccept: */*;q=0.1\r\n\r\nabc";
	unsigned seed = 1;
	struct web web;

	(void)state;
	web_start(&web, 3, NULL);
	for (int i = 0; i < 2000; i++) {
		int fd = web_connect(&web);
		char bytes[sizeof(valid)];

		memcpy(bytes, valid, sizeof(valid));
		for (int k = 1 + rand_r(&seed) % 5; k > 0; k--) {
			size_t at = (size_t)rand_r(&seed) % sizeof(valid);

			bytes[at] = (char)(i % 2 ? rand_r(&seed) : bytes[rand_r(&seed) % 60]);
		}
		send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
		web_run(&web, 1);
		web_run(&web, 0);
		close(fd);
	}
	web_scrape(&web, 3, 1);
	web_expect_calm(&web);
	web_stop(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_that_dribbles_in_is_answered),
		cmocka_unit_test(garbage_is_refused_or_ignored),
		cmocka_unit_test(headers_without_end_are_refused),
		cmocka_unit_test(random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests_name("http_garbage", tests, isolate, NULL);
}
