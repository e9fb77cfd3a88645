// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clients that are slow, rude or hostile. Whatever they do, the server serves others, and does not
 * loop. SIGPIPE has its default effect: it would end the test.
 */
#include "web.h"

#include "clock.h"
#include "serve/clients.h"

#define MANY 30000 /* rows: a page of several megabytes, more than socket buffers hold */

static bool isolated;
static int isolate(void **state)
{
	(void)state;
	return web_isolate(&isolated);
}

static int connect_from(const struct web *web, int host)
{
	char from[16];
	int fd;

	snprintf(from, sizeof(from), "127.0.0.%d", host);
	assert_true((fd = web_connect_from(web, from, "127.0.0.1")) >= 0);
	return fd;
}

static bool is_closed(struct web *web, int fd)
{
	char byte;

	return web_receive(web, fd, &byte, 1, 0) != -ETIMEDOUT;
}

/* Waits until exactly so many of them are open. */
static void expect_open(struct web *web, const int *fd, int count, int expected)
{
	uint64_t end = now_ms() + WEB_PATIENCE_MS;
	int open;

	do {
		web_run(web, 1);
		open = 0;
		for (int i = 0; i < count; i++)
			open += !is_closed(web, fd[i]);
	} while (open > expected && now_ms() < end);
	assert_int_equal(open, expected);
}

/* Connects, and is accepted in a millisecond of its own, so that each deadline differs. */
static int join(struct web *web, int host)
{
	uint64_t end = now_ms() + WEB_PATIENCE_MS;
	unsigned runs = web->runs;
	int fd = connect_from(web, host);

	while (web->runs == runs && now_ms() < end)
		web_run(web, 10);
	clock_advance(1);
	return fd;
}

/* The server waits until ms have passed since something that happened now or after `since`. */
static void expect_deadline(const struct web *web, uint64_t since, int ms)
{
	int left = http_timeout(web->http);

	assert_true(left >= 0 && left <= ms);
	assert_true((uint64_t)left + (now_ms() - since) >= (uint64_t)ms);
}

static void those_who_never_read_delay_nobody(void **state)
{
	struct web web;
	int fd[40];

	(void)state;
	web_start(&web, MANY, NULL);
	for (int i = 0; i < 40; i++) {
		fd[i] = connect_from(&web, 2 + i % 4);
		web_send(fd[i], WEB_GET("/metrics"));
	}
	web_settle(&web);
	web_scrape(&web, MANY, 1);
	web_expect_calm(&web);
	for (int i = 0; i < 40; i++)
		close(fd[i]);
	web_scrape(&web, MANY, 1);
	web_expect_calm(&web);
	web_stop(&web);
}

static void a_slow_reader_gets_its_page_whole(void **state)
{
	struct web web;
	char *answer;
	int fd;

	(void)state;
	web_start(&web, MANY, NULL);
	fd = web_connect(&web);
	web_send(fd, WEB_GET("/metrics"));
	web_settle(&web);
	for (uint64_t number = 2; number < 12; number++) { /* short ones: its time goes on */
		web_publish(&web, 3, number);
		web_scrape(&web, 3, number);
	}
	answer = web_answer(&web, fd, false);
	web_expect_page(answer, MANY, 1, METRICS_TEXT);
	free(answer);
	close(fd);
	web_stop(&web);
}

static void slow_readers_cannot_hold_all_pages(void **state)
{
	char *some = malloc(1 << 16);
	struct web web;
	uint64_t number = 1;
	int fd[12], cut = 0;

	(void)state;
	assert_non_null(some);
	web_start(&web, MANY, NULL);
	for (int i = 0; i < 12; i++) {
		fd[i] = web_connect(&web);
		web_send(fd[i], WEB_GET("/metrics"));
		assert_int_equal(web_receive(&web, fd[i], some, 13, WEB_PATIENCE_MS), 13);
		assert_memory_equal(some, "HTTP/1.1 200 ", 13); /* every client is served */
		web_publish(&web, MANY, ++number);
	}
	for (int i = 0; i < 2; i++) { /* the first one may get an older page, and makes room */
		int client = web_connect(&web);
		char *answer = web_ask(&web, client, WEB_GET("/metrics"));

		if (i)
			web_expect_page(answer, MANY, number, METRICS_TEXT);
		assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
		free(answer);
		close(client);
	}
	/* reset: the kernel keeps nothing for them either */
	for (uint64_t end = now_ms() + WEB_PATIENCE_MS; cut < 8 && now_ms() < end;)
		for (int i = 0; i < 12; i++)
			cut += web_receive(&web, fd[i], some, 1 << 16, 0) == -ECONNRESET;
	assert_true(cut >= 8);
	for (int i = 0; i < 12; i++)
		close(fd[i]);
	free(some);
	web_expect_calm(&web);
	web_stop(&web);
}

static void resets_at_any_moment_do_no_harm(void **state)
{
	static const char request[] = WEB_GET("/metrics");
	struct web web;

	(void)state;
	web_start(&web, MANY, NULL);
	for (int i = 0; i < 300; i++) {
		int fd = web_connect(&web);

		if (i % 3 > 0)
			assert_true(send(fd, request, i % 3 > 1 ? sizeof(request) - 1 : 9, 0) > 0);
		for (int runs = i % 7; runs > 0; runs--)
			web_run(&web, 0);
		if (i % 2) {
			char some[1000];

			web_receive(&web, fd, some, sizeof(some), 0);
		}
		if (i % 5)
			web_reset(fd);
		else
			close(fd);
	}
	web_scrape(&web, MANY, 1);
	web_expect_calm(&web);
	web_stop(&web);
}

static void a_page_that_nobody_takes_is_not_held_for_ever(void **state)
{
	char some[100000];
	struct web web;
	uint64_t since;
	int fd, timeout;

	(void)state;
	web_start(&web, MANY, NULL);
	assert_int_equal(http_timeout(web.http), -1);
	since = now_ms();
	fd = web_connect(&web);
	web_settle(&web);
	expect_deadline(&web, since, CLIENTS_HEADER_MS);
	timeout = http_timeout(web.http);
	clock_advance(50);
	web_send(fd, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"); /* which buys it no time */
	web_settle(&web);
	assert_true(http_timeout(web.http) <= timeout - 50);
	since = now_ms();
	web_send(fd, "\r\n");
	web_settle(&web);
	expect_deadline(&web, since, CLIENTS_ANSWER_MS);
	timeout = http_timeout(web.http);
	clock_advance(50);
	assert_true(web_receive(&web, fd, some, sizeof(some), WEB_PATIENCE_MS) > 0); /* nor this */
	web_settle(&web);
	assert_true(http_timeout(web.http) <= timeout - 50);
	close(fd);
	web_settle(&web);
	assert_int_equal(http_timeout(web.http), -1);
	web_stop(&web);
}

static void a_further_request_has_as_long_for_its_header(void **state)
{
	struct web web;
	int fd;

	(void)state;
	web_start(&web, 3, NULL);
	fd = web_connect(&web);
	for (int i = 0; i < 3; i++) {
		uint64_t since = now_ms();

		free(web_ask(&web, fd, WEB_GET("/metrics")));
		web_settle(&web);
		expect_deadline(&web, since, CLIENTS_IDLE_MS);
		since = now_ms();
		web_send(fd, "GET /metrics HTTP/1.1\r\n");
		web_settle(&web);
		expect_deadline(&web, since, CLIENTS_HEADER_MS);
		web_send(fd, "Host: localhost\r\n\r\n");
		free(web_answer(&web, fd, false));
	}
	close(fd);
	web_stop(&web);
}

static void who_neither_asks_nor_reads_in_time_is_cut_off(void **state)
{
	struct web web;
	int fd[2];

	(void)state;
	clock_stop(); /* from here on what is due is due to the millisecond */
	web_start(&web, MANY, NULL);
	fd[0] = web_connect(&web);
	fd[1] = web_connect(&web);
	web_send(fd[1], WEB_GET("/metrics"));
	web_settle(&web);
	clock_advance(CLIENTS_HEADER_MS - 100);
	web_settle(&web);
	assert_int_equal(http_timeout(web.http), 100);
	assert_false(is_closed(&web, fd[0]));
	clock_advance(100);
	web_settle(&web);
	assert_true(is_closed(&web, fd[0]));
	clock_advance(CLIENTS_ANSWER_MS - CLIENTS_HEADER_MS - 100);
	web_settle(&web);
	assert_int_equal(http_timeout(web.http), 100);
	clock_advance(100);
	web_settle(&web);
	assert_int_equal(http_timeout(web.http), -1);
	close(fd[0]);
	close(fd[1]);
	assert_true(web.runs < 50);
	clock_run();
	web_expect_calm(&web);
	web_stop(&web);
}

/* The limits are for all sockets together. */
static void one_address_gets_only_so_many_connections(void **state)
{
	struct web web = {.snapshot = web_snapshot(3, 1)};
	struct http_config config = {
		.metrics = *web_options(), .snapshot = web_current, .context = &web};
	int sockets[] = {web_listen("127.0.0.1", 0), web_listen("127.0.0.1", 0)};
	unsigned ports[] = {web_port(sockets[0]), web_port(sockets[1])};
	int fd[40];
	char *answer;

	(void)state;
	web.http = http_create(&config, sockets, 2);
	assert_non_null(web.http);
	for (int i = 0; i < 40; i++) {
		web.port = ports[i % 2];
		fd[i] = join(&web, 2);
	}
	web_settle(&web);
	expect_open(&web, fd, 40, CLIENTS_ADDRESS);
	answer = web_ask(&web, fd[39], WEB_GET("/metrics"));
	web_expect_page(answer, 3, 1, METRICS_TEXT);
	assert_int_equal(web_exporter(web_body(answer)).rejected[METRICS_REJECT_LIMIT],
		40 - CLIENTS_ADDRESS);
	free(answer);
	web_scrape(&web, 3, 1);
	for (int i = 0; i < 40; i++)
		close(fd[i]);
	web_expect_calm(&web);
	web_stop(&web);
}

/* The newest connection of a subnet stays, and loopback has places of its own. */
static void where_all_connections_are_taken_others_have_theirs(void **state)
{
	const struct prefix subnet = {.family = AF_INET, .length = 24, .addr = {192, 0, 2}};
	struct web web;
	char from[16];
	int fd[200];

	(void)state;
	if (!isolated)
		skip(); /* no such addresses */
	web_start(&web, 3, &subnet);
	for (int i = 0; i < 200; i++) {
		snprintf(from, sizeof(from), "192.0.2.%d", 2 + i % 50);
		fd[i] = web_connect_from(&web, from, "192.0.2.1");
		if (i % 20 == 19)
			web_settle(&web);
	}
	expect_open(&web, fd, 200, CLIENTS_OTHERS);
	assert_true(is_closed(&web, fd[0]) && !is_closed(&web, fd[199]));
	web_scrape(&web, 3, 1);
	for (int i = 0; i < 200; i++)
		close(fd[i]);
	web_expect_calm(&web);
	web_stop(&web);
}

static void a_crowd_all_at_once_leaves_it_working(void **state)
{
	struct web web;
	int fd[300];

	(void)state;
	web_start(&web, MANY, NULL);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 300; i++) {
			/* more than the backlog: the server has to run meanwhile */
			fd[i] = connect_from(&web, 2 + i % 60);
			send(fd[i], WEB_GET("/metrics"), sizeof(WEB_GET("/metrics")) - 1,
				MSG_NOSIGNAL);
			if (i % 50 == 49)
				web_settle(&web);
		}
		for (int i = 0; i < 300; i++)
			round % 2 ? (void)close(fd[i]) : web_reset(fd[i]);
		web_scrape(&web, MANY, 1);
	}
	web_expect_calm(&web);
	web_stop(&web);
}

static void an_endless_body_is_cut_by_the_deadline_only(void **state)
{
	static char zeros[1 << 16];
	struct web web;
	int fd;

	(void)state;
	web_start(&web, 3, NULL);
	fd = web_connect(&web);
	web_send(fd, "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
		     "1000000000000\r\n\r\n");
	for (int i = 0; i < 200; i++) {
		send(fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL);
		web_run(&web, 0);
	}
	web_scrape(&web, 3, 1);
	assert_true(http_timeout(web.http) <= CLIENTS_ANSWER_MS);
	close(fd);
	web_expect_calm(&web);
	web_stop(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_who_never_read_delay_nobody),
		cmocka_unit_test(a_slow_reader_gets_its_page_whole),
		cmocka_unit_test(slow_readers_cannot_hold_all_pages),
		cmocka_unit_test(resets_at_any_moment_do_no_harm),
		cmocka_unit_test(a_page_that_nobody_takes_is_not_held_for_ever),
		cmocka_unit_test(a_further_request_has_as_long_for_its_header),
		cmocka_unit_test(who_neither_asks_nor_reads_in_time_is_cut_off),
		cmocka_unit_test(one_address_gets_only_so_many_connections),
		cmocka_unit_test(where_all_connections_are_taken_others_have_theirs),
		cmocka_unit_test(a_crowd_all_at_once_leaves_it_working),
		cmocka_unit_test(an_endless_body_is_cut_by_the_deadline_only),
	};

	return cmocka_run_group_tests_name("http_hostile", tests, isolate, NULL);
}
