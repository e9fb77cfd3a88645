// SPDX-License-Identifier: GPL-2.0-or-later
/* By which names the server may be asked, and what it tells browsers. */
#include "fields.h"
#include "web.h"

static bool isolated;

static int isolate(void **state)
{
	(void)state;
	return web_isolate(&isolated);
}

static void a_path_may_have_a_scheme_and_a_name_before_it(void **state)
{
	static const char *const targets[][2] = {{"http://localhost:9999/-/healthy", "200"},
		{"HTTP://[::1]/-/healthy", "200"}, {"http://localhost", "404"},
		{"http://[::1]/", "404"}, {"http:///-/healthy", "421"},
		{"https://x/-/healthy", "404"}, {"/http://x/-/healthy", "404"}};
	struct web web;
	int fd;

	(void)state;
	web_start(&web, 0, NULL);
	fd = web_connect(&web);
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		char request[80], *answer;

		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
			targets[i][0]);
		answer = web_ask(&web, fd, request);
		assert_int_equal(strncmp(answer + strlen("HTTP/1.1 "), targets[i][1], 3), 0);
		free(answer);
	}
	close(fd);
	web_stop(&web);
}

/* DNS rebinding: a page elsewhere has its name lead to us, and its visitor's browser reads us. */
static void by_another_name_nothing_is_answered(void **state)
{
	static const char *const requests[] = {
		"GET /metrics HTTP/1.1\r\nHost: attacker.example\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: attacker.example:9999\r\n\r\n",
		"GET /api/v1/hosts HTTP/1.1\r\nHost: attacker.example\r\n\r\n",
		"GET /api/v1/status HTTP/1.1\r\nHost: attacker.example\r\n\r\n",
		"GET /-/healthy HTTP/1.1\r\nHost: attacker.example\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n",
		"GET /missing HTTP/1.1\r\nHost: attacker.example\r\n\r\n",
		"POST /metrics HTTP/1.1\r\nHost: attacker.example\r\nContent-Length: 0\r\n\r\n",
		"GET http://attacker.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost:\r\n\r\n",
	};
	struct web web;
	char *answer;
	int fd;

	(void)state;
	web_start(&web, 3, NULL);
	fd = web_connect(&web);
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		answer = web_ask(&web, fd, requests[i]);
		if (strncmp(answer, "HTTP/1.1 421 ", 13) != 0)
			fail_msg("%s got %.300s", requests[i], answer);
		expect_field(answer, "Content-Type: text/plain; charset=utf-8");
		assert_null(strstr(answer, "mezoura_host"));
		free(answer);
	}
	answer = web_ask(&web, fd,
		"GET http://localhost/-/healthy HTTP/1.1\r\nHost: attacker.example\r\n\r\n");
	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	free(answer);
	close(fd);
	web_stop(&web);
}

static void no_page_elsewhere_may_use_an_answer(void **state)
{
	static const char *const paths[] = {
		"/metrics", "/api/v1/hosts", "/api/v1/status", "/-/healthy", "/missing"};
	struct web web;
	int fd;

	(void)state;
	web_start(&web, 3, NULL);
	fd = web_connect(&web);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		char request[80], *answer;

		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
			paths[i]);
		answer = web_ask(&web, fd, request);
		expect_field(answer, "X-Content-Type-Options: nosniff");
		expect_field(answer, "Referrer-Policy: no-referrer");
		expect_field(answer, "Cross-Origin-Resource-Policy: same-origin");
		assert_null(strcasestr(answer, "\r\nAccess-Control-"));
		free(answer);
	}
	close(fd);
	web_stop(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_may_have_a_scheme_and_a_name_before_it),
		cmocka_unit_test(by_another_name_nothing_is_answered),
		cmocka_unit_test(no_page_elsewhere_may_use_an_answer),
	};

	return cmocka_run_group_tests_name("http names", tests, isolate, NULL);
}
