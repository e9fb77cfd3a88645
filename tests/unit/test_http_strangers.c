// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which peers the server answers, by which host names, and what keeps other web pages from using
 * the answers.
 */
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
		char *answer = web_ask_path(&web, fd, "GET", targets[i][0]);

		assert_int_equal(strncmp(answer + strlen("HTTP/1.1 "), targets[i][1], 3), 0);
		free(answer);
	}
	close(fd);
	web_stop(&web);
}

/*
 * DNS rebinding: another site's name resolves to this machine, and its visitor's browser asks here.
 */
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
		WEB_GET("http://attacker.example/metrics"),
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
		web_expect_field(answer, "Content-Type: text/plain; charset=utf-8");
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
		char *answer = web_ask_path(&web, fd, "GET", paths[i]);

		web_expect_field(answer, "X-Content-Type-Options: nosniff");
		web_expect_field(answer, "Referrer-Policy: no-referrer");
		web_expect_field(answer, "Cross-Origin-Resource-Policy: same-origin");
		assert_null(strcasestr(answer, "\r\nAccess-Control-"));
		free(answer);
	}
	close(fd);
	web_stop(&web);
}

static void strangers_are_closed_at_once(void **state)
{
	const struct prefix allow4 = {AF_INET, 30, {192, 0, 2, 0}};
	const struct prefix allow6 = {AF_INET6, 32, {0x20, 0x01, 0x0d, 0xb8}};
	struct web web;

	(void)state;
	if (!isolated) {
		print_message("skipped: needs a network namespace of its own (root)\n");
		skip();
	}
	web_start(&web, 0, NULL);
	assert_true(web_admits(&web, "127.0.0.1", "127.0.0.1"));
	assert_true(web_admits(&web, "127.255.3.4", "127.0.0.1"));
	assert_true(web_admits(&web, "127.0.0.1", "192.0.2.1"));
	assert_true(web_admits(&web, "::1", "::1"));
	assert_true(web_admits(&web, "::ffff:127.0.0.1", "::ffff:127.0.0.1"));
	assert_true(web_shuts_out(&web, "192.0.2.1", "192.0.2.1"));
	assert_true(web_shuts_out(&web, "192.0.2.1", "127.0.0.1"));
	assert_true(web_shuts_out(&web, "2001:db8::1", "::1"));
	web_stop(&web);
	web_start(&web, 0, &allow4);
	assert_true(web_admits(&web, "192.0.2.1", "192.0.2.1"));
	assert_true(web_shuts_out(&web, "2001:db8::1", "2001:db8::1"));
	web_stop(&web);
	web_start(&web, 0, &allow6);
	assert_true(web_admits(&web, "2001:db8::1", "2001:db8::1"));
	assert_true(web_admits(&web, "::1", "2001:db8::1"));
	assert_true(web_shuts_out(&web, "192.0.2.1", "192.0.2.1"));
	web_stop(&web);
}

/* libmicrohttpd refuses these itself, without mezoura's headers: docs/api.md */
static void a_refusal_repeats_nothing_of_what_was_sent(void **state)
{
	static const char *const requests[] = {"GET /<script> HTTP/9.9\r\nHost: <script>\r\n\r\n",
		"GET /<script>\r\n\r\n", "<script> /<script> HTTP/2.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: <script>\r\n<script>\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: ::1\r\nContent-Length: <script>\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: ::1\r\nTransfer-Encoding: chunked\r\n\r\n<script>\r\n"};
	struct web web;

	(void)state;
	web_start(&web, 3, NULL);
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		int fd = web_connect(&web);
		char *answer = web_ask(&web, fd, requests[i]);

		if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || answer[9] < '4')
			fail_msg("%s got %.300s", requests[i], answer);
		assert_null(strstr(answer, "<script>"));
		free(answer);
		close(fd);
	}
	web_stop(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_may_have_a_scheme_and_a_name_before_it),
		cmocka_unit_test(by_another_name_nothing_is_answered),
		cmocka_unit_test(no_page_elsewhere_may_use_an_answer),
		cmocka_unit_test(a_refusal_repeats_nothing_of_what_was_sent),
		cmocka_unit_test(strangers_are_closed_at_once),
	};

	return cmocka_run_group_tests_name("http_strangers", tests, isolate, NULL);
}
