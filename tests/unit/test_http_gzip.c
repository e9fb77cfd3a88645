// SPDX-License-Identifier: GPL-2.0-or-later
/* Compressed pages. */
#include "web.h"

#include <zlib.h>

#include "serve/clients.h"

#define GET_GZIP(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
#define GET_AS(encoding)                                                                           \
	"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: " encoding "\r\n\r\n"
#define ENCODED "\r\nContent-Encoding: gzip\r\n"
#define ROWS	100
#define MANY	100000 /* rows: more than socket buffers hold, even compressed */

static int isolate(void **state)
{
	bool isolated;

	(void)state;
	return web_isolate(&isolated);
}

/* The unpacked body of an answer, NUL-terminated; the caller frees it. */
static char *unpack(const char *answer, size_t *length)
{
	size_t room = (size_t)MANY * 2000;
	char *text = malloc(room);
	z_stream stream = {0};

	assert_non_null(text);
	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	assert_non_null(strstr(answer, ENCODED));
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (unsigned char *)(uintptr_t)web_body(answer);
	stream.avail_in = (unsigned)web_length(answer);
	stream.next_out = (unsigned char *)text;
	stream.avail_out = (unsigned)room - 1;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	*length = stream.total_out;
	text[*length] = '\0';
	inflateEnd(&stream);
	return text;
}

static void expect_packed(
	const char *answer, uint32_t rows, uint64_t number, enum metrics_format format)
{
	size_t length;
	char *text = unpack(answer, &length);

	web_expect_body(text, length, rows, number, format);
	assert_true(web_length(answer) < length / 5);
	free(text);
}

static void who_wants_gzip_gets_the_same_page_as_gzip(void **state)
{
	struct web web;
	char *answer;
	int fd;

	(void)state;
	web_start(&web, ROWS, NULL);
	fd = web_connect(&web);
	answer = web_ask(&web, fd, GET_GZIP("/metrics"));
	expect_packed(answer, ROWS, 1, METRICS_TEXT);
	assert_non_null(strstr(answer, "\r\nContent-Type: text/plain; version=0.0.4; "));
	assert_non_null(strstr(answer, "\r\nVary: Accept, Accept-Encoding\r\n"));
	assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
	free(answer);
	answer = web_ask(&web, fd,
		"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: "
		"application/openmetrics-text\r\n"
		"Accept-Encoding: deflate;q=0.9, gzip;q=0.8\r\n\r\n");
	expect_packed(answer, ROWS, 1, METRICS_OPENMETRICS);
	assert_non_null(strstr(answer, "\r\nContent-Type: application/openmetrics-text; "));
	free(answer);
	answer = web_ask(&web, fd, WEB_GET("/metrics"));
	web_expect_page(answer, ROWS, 1, METRICS_TEXT);
	assert_null(strstr(answer, ENCODED));
	free(answer);
	close(fd);
	web_stop(&web);
}

static void who_wants_neither_is_not_turned_away(void **state)
{
	static const char *const wishes[] = {GET_AS("gzip;q=0"), GET_AS("identity;q=0"),
		GET_AS("*;q=0"), GET_AS("br"), GET_AS("gzip;q=0.2, identity;q=0.3"), GET_AS(""),
		GET_AS(";;\xff,=")};
	struct web web;
	int fd;

	(void)state;
	web_start(&web, ROWS, NULL);
	fd = web_connect(&web);
	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
		char *answer = web_ask(&web, fd, wishes[i]);

		web_expect_page(answer, ROWS, 1, METRICS_TEXT);
		assert_null(strstr(answer, ENCODED));
		free(answer);
	}
	close(fd);
	web_stop(&web);
}

static void small_pages_stay_as_they_are(void **state)
{
	static const char *const small[] = {
		GET_GZIP("/-/healthy"), GET_GZIP("/missing"), GET_GZIP("/api/v1/hosts")};
	struct web web;
	int fd;

	(void)state;
	web_start(&web, ROWS, NULL); /* addresses: the snapshot has no hosts */
	fd = web_connect(&web);
	for (size_t i = 0; i < sizeof(small) / sizeof(*small); i++) {
		char *answer = web_ask(&web, fd, small[i]);

		assert_null(strstr(answer, ENCODED));
		assert_int_equal(strlen(web_body(answer)), web_length(answer));
		free(answer);
	}
	close(fd);
	web_stop(&web);
}

static void json_is_compressed_too(void **state)
{
	struct web web;
	char *answer, *plain, *text;
	size_t length;
	int fd;

	(void)state;
	web_start(&web, 0, NULL);
	fd = web_connect(&web);
	plain = web_ask(&web, fd, WEB_GET("/api/v1/status"));
	answer = web_ask(&web, fd, GET_GZIP("/api/v1/status"));
	text = unpack(answer, &length);
	assert_non_null(strstr(answer, "\r\nVary: Accept-Encoding\r\n"));
	assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
	assert_string_equal(text, web_body(plain));
	free(text);
	free(answer);
	free(plain);
	close(fd);
	web_stop(&web);
}

static void head_has_the_headers_of_get(void **state)
{
	struct web web;
	char *head, *get;
	int fd;

	(void)state;
	web_start(&web, ROWS, NULL);
	fd = web_connect(&web);
	head = web_ask(&web, fd,
		"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
	get = web_ask(&web, fd, GET_GZIP("/metrics"));
	assert_string_equal(web_body(head), "");
	memset(strstr(head, "Date: "), 'd', 35); /* which may have moved on */
	memset(strstr(get, "Date: "), 'd', 35);
	assert_memory_equal(head, get, strlen(head));
	expect_packed(get, ROWS, 1, METRICS_TEXT);
	free(head);
	free(get);
	close(fd);
	web_stop(&web);
}

static void a_snapshot_is_compressed_once(void **state)
{
	char *first, *again;
	struct web web;
	int fd;

	(void)state;
	web_start(&web, ROWS, NULL);
	fd = web_connect(&web);
	for (uint64_t number = 1; number < 30; number++) {
		uint32_t rows = ROWS + (uint32_t)(number * 7 % 50);

		web_publish(&web, rows, number);
		web_scrape(&web, rows, number);
		first = web_ask(&web, fd, GET_GZIP("/metrics"));
		expect_packed(first, rows, number, METRICS_TEXT);
		/* Another content under the same number is never looked at. */
		web_publish(&web, rows + 1, number);
		again = web_ask(&web, fd, GET_GZIP("/metrics"));
		assert_int_equal(web_length(again), web_length(first));
		assert_memory_equal(web_body(again), web_body(first), web_length(first));
		free(first);
		free(again);
	}
	close(fd);
	web_stop(&web);
}

/*
 * Each client may be the last reader of a page. A small window keeps the kernel from taking it all.
 */
static void slow_readers_of_either_get_theirs_whole(void **state)
{
	const int window = 1 << 16;
	struct web web;
	char *answer;
	int packed = -1, plain = -1, timeout;

	(void)state;
	for (int first = 0; first < 2; first++) {
		web_start(&web, MANY, NULL);
		for (int i = 0; i < 2; i++) {
			if ((i == 0) == first) {
				packed = web_connect(&web);
				assert_int_equal(setsockopt(packed, SOL_SOCKET, SO_RCVBUF, &window,
							 sizeof(window)),
					0);
				web_send(packed, GET_GZIP("/metrics"));
			} else {
				plain = web_connect(&web);
				web_send(plain, WEB_GET("/metrics"));
			}
			web_settle(&web);
		}
		for (uint64_t number = 2; number < 8; number++) {
			web_publish(&web, ROWS, number);
			web_scrape(&web, ROWS, number);
		}
		web_settle(&web);
		timeout = http_timeout(web.http); /* they wait */
		assert_true(timeout >= 1 && timeout <= CLIENTS_ANSWER_MS);
		answer = web_answer(&web, first ? plain : packed, false);
		if (first)
			web_expect_page(answer, MANY, 1, METRICS_TEXT);
		else
			expect_packed(answer, MANY, 1, METRICS_TEXT);
		free(answer);
		web_settle(&web);
		timeout = http_timeout(web.http);
		assert_true(timeout >= 1 && timeout <= CLIENTS_ANSWER_MS);
		web_publish(&web, ROWS, 9);
		web_scrape(&web, ROWS, 9);
		answer = web_answer(&web, first ? packed : plain, false);
		if (first)
			expect_packed(answer, MANY, 1, METRICS_TEXT);
		else
			web_expect_page(answer, MANY, 1, METRICS_TEXT);
		free(answer);
		close(plain);
		close(packed);
		web_stop(&web);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_wants_gzip_gets_the_same_page_as_gzip),
		cmocka_unit_test(who_wants_neither_is_not_turned_away),
		cmocka_unit_test(small_pages_stay_as_they_are),
		cmocka_unit_test(json_is_compressed_too),
		cmocka_unit_test(head_has_the_headers_of_get),
		cmocka_unit_test(a_snapshot_is_compressed_once),
		cmocka_unit_test(slow_readers_of_either_get_theirs_whole),
	};

	return cmocka_run_group_tests_name("http_gzip", tests, isolate, NULL);
}
