// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile clients, round after round, and a well-behaved one in between. The server answers that
 * one before it has done much for the others, measured in runs. All come from one address unless a
 * test says otherwise.
 */
#include "web.h"

#include <sys/resource.h>

#include "serve/clients.h"

#define ROUNDS	21
#define HOSTILE 1000 /* connections at once */
#define ROWS	300
#define MORE	20 /* runs for a scrape than in calm, in the median: events come one by one, too */

struct siege {
	struct web web;
	int fd[HOSTILE];
	size_t count;
	unsigned round;
};

static int isolate(void **state)
{
	struct rlimit limit;
	bool isolated;

	(void)state;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max < HOSTILE + 500)
		return -1;
	limit.rlim_cur = HOSTILE + 500;
	return setrlimit(RLIMIT_NOFILE, &limit) || web_isolate(&isolated);
}

static int compare(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

static int join(struct siege *siege, int host)
{
	char from[16];
	int fd;

	assert_true(siege->count < HOSTILE);
	snprintf(from, sizeof(from), "127.0.0.%d", host);
	fd = web_connect_from(&siege->web, from, "127.0.0.1");
	assert_true(fd >= 0);
	return siege->fd[siege->count++] = fd;
}

/* Sends as much as it can without waiting. */
static size_t shoot(int fd, const void *bytes, size_t length)
{
	ssize_t sent = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	return sent > 0 ? (size_t)sent : 0;
}

/* The median number of runs for a scrape, with act() before each, and a new snapshot. */
static unsigned scrape(struct siege *siege, void (*act)(struct siege *siege))
{
	unsigned runs[ROUNDS];

	for (siege->round = 0; siege->round < ROUNDS; siege->round++) {
		uint64_t number = siege->web.snapshot->number + 1;

		if (act)
			act(siege);
		web_publish(&siege->web, ROWS, number);
		runs[siege->round] = siege->web.runs;
		web_scrape(&siege->web, ROWS, number);
		runs[siege->round] = siege->web.runs - runs[siege->round];
	}
	qsort(runs, ROUNDS, sizeof(*runs), compare);
	return runs[ROUNDS / 2];
}

static void besiege(void (*act)(struct siege *siege))
{
	struct siege *siege = calloc(1, sizeof(*siege));
	unsigned calm, besieged;

	assert_non_null(siege);
	web_start(&siege->web, ROWS, NULL);
	calm = scrape(siege, NULL);
	besieged = scrape(siege, act);
	if (besieged > calm + MORE)
		fail_msg("a scrape took %u runs, in calm %u", besieged, calm);
	web_settle(&siege->web);
	while (siege->count)
		close(siege->fd[--siege->count]);
	web_expect_calm(&siege->web);
	assert_int_equal(http_timeout(siege->web.http), -1); /* no connection is left */
	print_message("runs for a scrape: %u, in calm %u\n", besieged, calm);
	web_stop(&siege->web);
	free(siege);
}

static void join_silently(struct siege *siege)
{
	for (int i = 0; i < HOSTILE / ROUNDS; i++)
		join(siege, 1);
}

static void many_who_say_nothing(void **state)
{
	(void)state;
	besiege(join_silently);
}

static void join_silently_from_everywhere(struct siege *siege)
{
	for (int i = 0; i < HOSTILE / ROUNDS; i++)
		join(siege, 2 + (int)siege->count % 250);
}

static void many_from_everywhere_who_say_nothing(void **state)
{
	(void)state;
	besiege(join_silently_from_everywhere);
}

static void dribble(struct siege *siege)
{
	static const char request[] = WEB_GET("/metrics");

	for (int i = 0; i < 10; i++)
		join(siege, 1 + i % 5);
	for (size_t i = 0; i < siege->count; i++)
		shoot(siege->fd[i], &request[siege->round - i / 10], 1);
}

static void those_who_dribble(void **state)
{
	(void)state;
	besiege(dribble);
}

/* At least 10,000 requests on one connection, whose answers the client never reads. */
static void pile_up(struct siege *siege)
{
	static char requests[500 * (sizeof(WEB_GET("/metrics")) - 1)];
	int fd = siege->count ? siege->fd[0] : join(siege, 1);

	for (size_t i = 0; i < 500; i++)
		memcpy(&requests[i * (sizeof(WEB_GET("/metrics")) - 1)], WEB_GET("/metrics"),
			sizeof(WEB_GET("/metrics")) - 1);
	shoot(fd, requests, sizeof(requests));
}

static void a_pipeline_that_nobody_reads(void **state)
{
	(void)state;
	besiege(pile_up);
}

#define PIPELINE 10000

/* The server answers all of them, and others in between. */
static void a_pipeline_that_is_read(void **state)
{
	size_t asked = PIPELINE * (sizeof(WEB_GET("/-/healthy")) - 1), sent = 0, got = 0, wanted;
	char *requests = malloc(asked), some[1 << 16], *answer;
	struct web web;
	int fd;

	(void)state;
	assert_non_null(requests);
	for (size_t i = 0; i < PIPELINE; i++)
		memcpy(&requests[i * (sizeof(WEB_GET("/-/healthy")) - 1)], WEB_GET("/-/healthy"),
			sizeof(WEB_GET("/-/healthy")) - 1);
	web_start(&web, ROWS, NULL);
	fd = web_connect(&web);
	answer = web_ask(&web, fd, WEB_GET("/-/healthy"));
	wanted = strlen(answer) * PIPELINE;
	free(answer);
	for (unsigned round = 0; got < wanted; round++) {
		ssize_t length;

		sent += sent < asked ? shoot(fd, requests + sent, asked - sent) : 0;
		length = web_receive(&web, fd, some, sizeof(some), WEB_PATIENCE_MS);
		assert_true(length > 0);
		got += (size_t)length;
		if (round % 500 == 0)
			web_scrape(&web, ROWS, 1);
	}
	web_settle(&web);
	assert_int_equal(got, wanted);
	assert_true(web_receive(&web, fd, some, sizeof(some), 50) == -ETIMEDOUT);
	close(fd);
	web_expect_calm(&web);
	web_stop(&web);
	free(requests);
}

static void ask_and_never_read(struct siege *siege)
{
	for (int i = 0; i < 10; i++)
		shoot(join(siege, 1 + i % 3), WEB_GET("/metrics") WEB_GET("/metrics"),
			sizeof(WEB_GET("/metrics")) * 2 - 2);
}

static void those_who_never_read(void **state)
{
	(void)state;
	besiege(ask_and_never_read);
}

static void connect_and_reset(struct siege *siege)
{
	for (int i = 0; i < 50; i++) {
		int fd = join(siege, 1);

		siege->count--;
		if (i % 3 == 1)
			shoot(fd, WEB_GET("/metrics"), sizeof(WEB_GET("/metrics")) - 1);
		if (i % 3 == 2)
			web_run(&siege->web, 0);
		web_reset(fd);
	}
}

static void those_who_reset_at_once(void **state)
{
	(void)state;
	besiege(connect_and_reset);
}

static void send_a_giant_header(struct siege *siege)
{
	static char header[1 << 20];
	int fd = join(siege, 1);
	size_t sent = 0;

	memset(header, 'x', sizeof(header));
	memcpy(header, "GET /metrics HTTP/1.1\r\nx: ", 26);
	for (int i = 0; i < 50 && sent < sizeof(header); i++) {
		sent += shoot(fd, header + sent, sizeof(header) - sent);
		web_run(&siege->web, 0);
	}
}

static void headers_of_a_megabyte(void **state)
{
	(void)state;
	besiege(send_a_giant_header);
}

static void send_noise(struct siege *siege)
{
	static const char tls[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
	static const char *const noise[] = {"GET /metrics\r\n", "GET /metrics HTTP/0.9\r\n\r\n",
		"\r\n\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
		"chunked\r\n\r\nxyz\r\n",
		"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
		"fffffffffffffffff\r\n",
		"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
		"Content-Length: 3\r\n\r\n2\r\nabc",
		WEB_GET("/../../etc/passwd")};
	unsigned seed = siege->round;
	char bytes[3000];

	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
		shoot(join(siege, 1), noise[i], strlen(noise[i]));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)rand_r(&seed);
	shoot(join(siege, 1), bytes, sizeof(bytes));
	memcpy(bytes, tls, sizeof(tls) - 1);
	shoot(join(siege, 1), bytes, 517);
}

static void those_who_speak_no_http(void **state)
{
	(void)state;
	besiege(send_noise);
}

/* Without free descriptors, the server still serves those that are connected. */
static void without_descriptors_those_who_are_connected_are_served(void **state)
{
	struct rlimit limit, low = {0};
	struct web web;
	int fd[30], kept;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	web_start(&web, ROWS, NULL);
	kept = web_connect(&web);
	free(web_ask(&web, kept, WEB_GET("/metrics")));
	web_settle(&web);
	for (int i = 0; i < 30; i++)
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	low.rlim_cur = (rlim_t)fd[29] + 2; /* one is free: for the spare descriptor */
	low.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	for (int i = 0; i < 30; i++) {
		struct sockaddr_in v4 = {.sin_family = AF_INET,
			.sin_port = htons((uint16_t)web.port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		char *answer;

		assert_int_equal(connect(fd[i], (struct sockaddr *)&v4, sizeof(v4)), 0);
		web_publish(&web, ROWS, 2 + (uint64_t)i);
		answer = web_ask(&web, kept, WEB_GET("/metrics"));
		web_expect_page(answer, ROWS, 2 + (uint64_t)i, METRICS_TEXT);
		free(answer);
	}
	web_expect_calm(&web);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < 30; i++)
		close(fd[i]);
	close(kept);
	web_scrape(&web, ROWS, 31);
	web_expect_calm(&web);
	web_stop(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_who_say_nothing),
		cmocka_unit_test(many_from_everywhere_who_say_nothing),
		cmocka_unit_test(those_who_dribble),
		cmocka_unit_test(a_pipeline_that_nobody_reads),
		cmocka_unit_test(a_pipeline_that_is_read),
		cmocka_unit_test(those_who_never_read),
		cmocka_unit_test(those_who_reset_at_once),
		cmocka_unit_test(headers_of_a_megabyte),
		cmocka_unit_test(those_who_speak_no_http),
		cmocka_unit_test(without_descriptors_those_who_are_connected_are_served),
	};

	return cmocka_run_group_tests_name("http_siege", tests, isolate, NULL);
}
