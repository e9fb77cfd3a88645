// SPDX-License-Identifier: GPL-2.0-or-later
#include "web.h"

#include <fcntl.h>

static bool isolated;

static int isolate(void **state)
{
	(void)state;
	return web_isolate(&isolated);
}

#define OPEN_METRICS "Accept: application/openmetrics-text;version=1.0.0\r\n"

static void metrics_are_text_unless_asked_otherwise(void **state)
{
	struct web web;
	char *answer;
	int fd;

	(void)state;
	web_start(&web, 3, NULL);
	fd = web_connect(&web);
	answer = web_ask(&web, fd, WEB_GET("/metrics"));
	web_expect_page(answer, 3, 1, METRICS_TEXT);
	web_expect_field(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8");
	web_expect_field(answer, "Vary: Accept, Accept-Encoding");
	free(answer);
	answer = web_ask(
		&web, fd, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n" OPEN_METRICS "\r\n");
	web_expect_page(answer, 3, 1, METRICS_OPENMETRICS);
	web_expect_field(
		answer, "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8");
	web_expect_field(answer, "Vary: Accept, Accept-Encoding");
	web_expect_field(answer, "Cache-Control: no-store");
	free(answer);
	answer = web_ask(&web, fd, WEB_GET("/metrics?collect[]=x"));
	web_expect_page(answer, 3, 1, METRICS_TEXT);
	free(answer);
	close(fd);
	web_stop(&web);
}

/* RFC 9110, 5.3. Names of headers are of any case. */
static void all_lines_of_a_header_count(void **state)
{
	struct web web;
	char *answer;
	int fd;

	(void)state;
	web_start(&web, 100, NULL);
	fd = web_connect(&web);
	answer = web_ask(&web, fd,
		"GET /metrics HTTP/1.1\r\nAccept: text/html\r\nHost: localhost\r\naccept: "
		"application/openmetrics-text\r\nACCEPT: text/plain;q=0.5\r\n\r\n");
	web_expect_page(answer, 100, 1, METRICS_OPENMETRICS);
	free(answer);
	answer = web_ask(&web, fd,
		"GET /metrics HTTP/1.1\r\nAccept-Encoding: br\r\nHost: localhost\r\n"
		"accept-encoding: gzip\r\n\r\n");
	web_expect_field(answer, "Content-Encoding: gzip");
	free(answer);
	close(fd);
	web_stop(&web);
}

static void head_gets_the_headers_of_get_and_nothing_else(void **state)
{
	static const char *const paths[] = {"/metrics", "/-/healthy", "/missing"};
	struct web web;
	int fd;

	(void)state;
	web_start(&web, 3, NULL);
	fd = web_connect(&web);
	for (size_t i = 0; i < 3; i++) {
		char *head = web_ask_path(&web, fd, "HEAD", paths[i]);
		char *get = web_ask_path(&web, fd, "GET", paths[i]);
		size_t length = strlen(head);

		assert_string_equal(web_body(head), "");
		assert_non_null(strcasestr(head, "\r\nContent-Length: "));
		/* the date may have moved on */
		memset(strstr(head, "Date: "), 'd', 35);
		memset(strstr(get, "Date: "), 'd', 35);
		assert_memory_equal(head, get, length);
		assert_true(strlen(get) > length);
		free(head);
		free(get);
	}
	close(fd);
	web_stop(&web);
}

static void healthy_says_ok(void **state)
{
	struct web web;
	char *answer;
	int fd;

	(void)state;
	web_start(&web, 0, NULL);
	fd = web_connect(&web);
	answer = web_ask(&web, fd, WEB_GET("/-/healthy"));
	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	web_expect_field(answer, "Content-Type: text/plain; charset=utf-8");
	web_expect_field(answer, "Cache-Control: no-store");
	assert_string_equal(web_body(answer), "ok\n");
	free(answer);
	close(fd);
	web_stop(&web);
}

static void other_paths_are_not_found(void **state)
{
	static const char *const paths[] = {"/", "/metrics/", "/metric", "/metricsx", "//metrics",
		"/-/", "/-/healthy/", "/%2e%2e/etc/passwd", "/metrics%00", "/%6detrics", "*",
		"/METRICS"};
	struct web web;
	int fd;

	(void)state;
	web_start(&web, 0, NULL);
	fd = web_connect(&web);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		char *answer = web_ask_path(&web, fd, i % 2 ? "GET" : "DELETE", paths[i]);

		assert_int_equal(strncmp(answer, "HTTP/1.1 404 ", 13), 0);
		assert_non_null(strstr(web_body(answer), "/metrics"));
		assert_ptr_equal(strchr(web_body(answer), '\n') + 1, strchr(answer, '\0'));
		free(answer);
	}
	close(fd);
	web_stop(&web);
}

static void other_methods_are_not_allowed(void **state)
{
	static const char *const methods[] = {
		"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW", "get", "GETS", "PRI"};
	struct web web;
	int fd;

	(void)state;
	web_start(&web, 0, NULL);
	fd = web_connect(&web);
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		char request[120], *answer;

		snprintf(request, sizeof(request),
			"%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
			methods[i], i % 2 ? "/metrics" : "/-/healthy");
		answer = web_ask(&web, fd, request);
		assert_int_equal(strncmp(answer, "HTTP/1.1 405 ", 13), 0);
		web_expect_field(answer, "Allow: GET, HEAD");
		free(answer);
	}
	close(fd);
	web_stop(&web);
}

static void one_snapshot_is_rendered_once_a_format(void **state)
{
	struct web web;

	(void)state;
	web_start(&web, 3, NULL);
	web_scrape(&web, 3, 1);
	/* Another content under the same number is never looked at. */
	web_publish(&web, 5, 9);
	web.snapshot->number = 1;
	web_scrape(&web, 3, 1);
	web.snapshot->number = 9;
	web_scrape(&web, 5, 9);
	for (uint64_t number = 10; number < 60; number++) {
		web_publish(&web, (uint32_t)(number * 7 % 50), number);
		web_scrape(&web, (uint32_t)(number * 7 % 50), number);
		web_scrape(&web, (uint32_t)(number * 7 % 50), number);
	}
	web_stop(&web);
}

static void a_connection_serves_many_requests_one_after_the_other(void **state)
{
	char requests[20 * sizeof(WEB_GET("/-/healthy"))] = "", *answer;
	struct web web;
	int fd;

	(void)state;
	web_start(&web, 2, NULL);
	fd = web_connect(&web);
	for (int i = 0; i < 20; i++)
		strcat(requests, WEB_GET("/-/healthy"));
	web_send(fd, requests);
	web_send(fd, WEB_GET("/metrics"));
	for (int i = 0; i < 20; i++) {
		answer = web_answer(&web, fd, false);
		assert_string_equal(web_body(answer), "ok\n");
		free(answer);
	}
	answer = web_answer(&web, fd, false);
	web_expect_page(answer, 2, 1, METRICS_TEXT);
	free(answer);
	close(fd);
	web_stop(&web);
}

static void an_old_client_gets_its_answer_and_is_closed(void **state)
{
	struct web web;
	char *answer, byte;
	int fd;

	(void)state;
	web_start(&web, 2, NULL);
	fd = web_connect(&web);
	answer = web_ask(&web, fd, "GET /-/healthy HTTP/1.0\r\n\r\n");
	assert_int_equal(strncmp(answer, "HTTP/1.", 7), 0);
	assert_string_equal(web_body(answer), "ok\n");
	free(answer);
	assert_int_equal(web_receive(&web, fd, &byte, 1, WEB_PATIENCE_MS), 0);
	close(fd);
	web_stop(&web);
}

static void it_tells_of_itself(void **state)
{
	const struct prefix allow = {AF_INET, 30, {192, 0, 2, 0}};
	struct metrics_exporter exporter;
	struct web web;
	char *answer;
	int fd;

	(void)state;
	web_start(&web, 3, &allow);
	for (uint64_t number = 1; number < 5; number++) {
		web_publish(&web, 3, number);
		fd = web_connect(&web);
		free(web_ask(&web, fd, WEB_GET("/-/healthy")));
		free(web_ask(&web, fd, WEB_GET("/api/v1/hosts")));
		free(web_ask(&web, fd, WEB_GET("/missing")));
		answer = web_ask(&web, fd, WEB_GET("/metrics"));
		exporter = web_exporter(web_body(answer));
		assert_int_equal(exporter.scrapes, number - 1);
		for (int r = 0; r < METRICS_REJECTIONS; r++)
			assert_int_equal(exporter.rejected[r], 0);
		free(answer);
		close(fd);
	}
	if (isolated) {
		assert_true(web_shuts_out(&web, "2001:db8::1", "::1"));
		assert_true(web_admits(&web, "192.0.2.1", "192.0.2.1"));
		web_publish(&web, 3, 5);
		fd = web_connect(&web);
		answer = web_ask(&web, fd, WEB_GET("/metrics"));
		exporter = web_exporter(web_body(answer));
		assert_int_equal(exporter.rejected[METRICS_REJECT_ADDRESS], 1);
		free(answer);
		close(fd);
	}
	web_stop(&web);
}

static void several_sockets_are_served(void **state)
{
	struct web web = {.snapshot = web_snapshot(3, 1)};
	struct http_config config = {
		.metrics = *web_options(), .snapshot = web_current, .context = &web};
	int sockets[] = {
		web_listen("127.0.0.1", 0), web_listen("::1", 0), web_listen("127.0.0.9", 0)};
	unsigned ports[] = {web_port(sockets[0]), web_port(sockets[1]), web_port(sockets[2])};
	static const char *const to[] = {"127.0.0.1", "::1", "127.0.0.9"};
	int fd[3];

	(void)state;
	web.http = http_create(&config, sockets, 3);
	assert_non_null(web.http);
	for (int i = 0; i < 3; i++) {
		web.port = ports[i];
		fd[i] = web_connect_from(&web, to[i], to[i]);
		assert_true(fd[i] >= 0);
		web_send(fd[i], WEB_GET("/metrics"));
	}
	for (int i = 2; i >= 0; i--) {
		char *answer = web_answer(&web, fd[i], false);

		web_expect_page(answer, 3, 1, METRICS_TEXT);
		free(answer);
		close(fd[i]);
	}
	web_stop(&web);
}

static void a_failed_start_closes_all_sockets(void **state)
{
	struct http_config config = {.snapshot = web_current};
	int sockets[] = {web_listen("127.0.0.1", 0), open("/dev/null", O_RDONLY | O_CLOEXEC),
		web_listen("127.0.0.1", 0)};

	(void)state;
	assert_null(http_create(&config, sockets, 3));
	for (int i = 0; i < 3; i++)
		assert_int_equal(fcntl(sockets[i], F_GETFD), -1);
	assert_null(http_create(&config, sockets, 0));
	http_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_are_text_unless_asked_otherwise),
		cmocka_unit_test(all_lines_of_a_header_count),
		cmocka_unit_test(head_gets_the_headers_of_get_and_nothing_else),
		cmocka_unit_test(healthy_says_ok),
		cmocka_unit_test(other_paths_are_not_found),
		cmocka_unit_test(other_methods_are_not_allowed),
		cmocka_unit_test(one_snapshot_is_rendered_once_a_format),
		cmocka_unit_test(a_connection_serves_many_requests_one_after_the_other),
		cmocka_unit_test(an_old_client_gets_its_answer_and_is_closed),
		cmocka_unit_test(it_tells_of_itself),
		cmocka_unit_test(several_sockets_are_served),
		cmocka_unit_test(a_failed_start_closes_all_sockets),
	};
	return cmocka_run_group_tests_name("http", tests, isolate, NULL);
}
