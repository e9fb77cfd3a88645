/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder, played by a test: the other end of the exporter's socket, and messages to send. */
#ifndef RECORDER_H
#define RECORDER_H

#include "web.h"

#include "clock.h"
#include "serve/history_client.h"

struct recorder {
	struct web web;
	int fd;
	struct history_question question; /* the last one */
	struct {
		union history_message message;
		char guard[HISTORY_MESSAGE]; /* of messages that are too long */
	} sent;
};

#define RECORDER_EPOCH 1700000000 /* 2023-11-14T22:13:20Z, where zones have +01:00 */

/* Starts a server whose history is this test. */
static inline void recorder_start(struct recorder *recorder)
{
	struct http_config config = {.metrics = *web_options(),
		.interval = 5,
		.month_start = 3,
		.snapshot = web_current,
		.context = &recorder->web};
	int pair[2], fd = listen_tcp(NULL, 0);

	assert_true(fd >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	*recorder = (struct recorder){.fd = pair[1]};
	config.history = pair[0];
	recorder->web.snapshot = web_snapshot(3, 1);
	recorder->web.port = web_port(fd);
	recorder->web.http = http_create(&config, &fd, 1);
	assert_non_null(recorder->web.http);
}

static inline void recorder_stop(struct recorder *recorder)
{
	int fd = http_history_fd(recorder->web.http);

	web_stop(&recorder->web);
	if (fd >= 0)
		close(fd);
	if (recorder->fd >= 0)
		close(recorder->fd);
}

/* Lets the server run until it asks. Returns whether it did. */
static inline bool recorder_is_asked(struct recorder *recorder)
{
	struct history_question *question = &recorder->question;
	ssize_t length;

	web_settle(&recorder->web);
	length = recv(recorder->fd, question, sizeof(*question), MSG_DONTWAIT);
	assert_true(length < 0 || length == sizeof(*question));
	assert_true(length < 0 || question->size == sizeof(*question));
	return length > 0;
}

static inline void recorder_send(struct recorder *recorder, size_t length)
{
	assert_int_equal(
		send(recorder->fd, &recorder->sent, length, MSG_NOSIGNAL | MSG_DONTWAIT), length);
}

/* The start of an answer to the last question, without rows. */
static inline struct history_answer *recorder_answer(struct recorder *recorder)
{
	struct history_answer *answer = &recorder->sent.message.answer;

	memset(&recorder->sent, 0, sizeof(recorder->sent));
	*answer = (struct history_answer){.size = sizeof(*answer),
		.kind = HISTORY_ANSWER,
		.number = recorder->question.number,
		.from = RECORDER_EPOCH,
		.to = RECORDER_EPOCH + 86400,
		.from_offset = 3600,
		.to_offset = 3600,
		.zone = "Europe/Berlin"};
	return answer;
}

/* Appends rows of one host, an hour each, from hour first on. To be called once, before gaps. */
static inline void recorder_rows(struct history_answer *answer, uint32_t first, uint32_t count)
{
	struct history_row *rows = (struct history_row *)(answer + 1);
	struct history_host *host = (struct history_host *)(rows + count);

	for (uint32_t i = 0; i < count; i++)
		rows[i] = (struct history_row){.start = RECORDER_EPOCH + (first + i) * 3600,
			.end = RECORDER_EPOCH + (first + i + 1) * 3600,
			.start_offset = 3600,
			.end_offset = 3600,
			.counts = {{first + i, 2}, {3, 4}}};
	*host = (struct history_host){
		.key = {"br-lan", .mac = {2, 0, 0, 0, 0, 10}, .family = AF_INET},
		.name = "anna",
		.source = "leases"};
	answer->row_count = count;
	answer->host_count = 1;
	answer->size += (uint32_t)(count * sizeof(*rows) + sizeof(*host));
}

static inline void recorder_gap(struct history_answer *answer, enum history_gap_reason reason)
{
	struct history_gap gap = {.start = RECORDER_EPOCH - 7200,
		.end = RECORDER_EPOCH,
		.start_offset = 3600,
		.end_offset = 3600,
		.reason = reason};

	memcpy((char *)answer + answer->size, &gap, sizeof(gap));
	answer->gap_count++;
	answer->size += sizeof(gap);
}

/* Answers the last question with one row. */
static inline void recorder_answers(struct recorder *recorder, uint32_t hour)
{
	struct history_answer *answer = recorder_answer(recorder);

	recorder_rows(answer, hour, 1);
	recorder_send(recorder, answer->size);
}

static inline struct history_report *recorder_report(struct recorder *recorder, uint64_t started_ms)
{
	struct history_report *report = &recorder->sent.message.report;

	memset(&recorder->sent, 0, sizeof(recorder->sent));
	*report = (struct history_report){.size = sizeof(*report),
		.kind = HISTORY_REPORT,
		.started_ms = started_ms,
		.bytes = 4096,
		.zone = "Europe/Berlin"};
	return report;
}

/* Connects a client that asks for the history. */
static inline int recorder_client(struct recorder *recorder, const char *query)
{
	char request[300];
	int fd = web_connect(&recorder->web);

	snprintf(request, sizeof(request),
		"GET /api/v1/history%s HTTP/1.1\r\nHost: localhost\r\n\r\n", query);
	web_send(fd, request);
	return fd;
}

/* Expects an answer of this status, and that its body has text. Closes the client. */
static inline void recorder_expect(
	struct recorder *recorder, int fd, const char *status, const char *text)
{
	char *answer = web_answer(&recorder->web, fd, false);

	if (strncmp(answer + 9, status, 3) != 0 || !strstr(answer, text))
		fail_msg("expected %s and \"%s\" in:\n%.600s", status, text, answer);
	free(answer);
	close(fd);
}

static struct recorder recorder; /* of tests that begin by recorder_setup() */

static inline int recorder_setup(void **state)
{
	(void)state;
	recorder_start(&recorder);
	return 0;
}

static inline int recorder_teardown(void **state)
{
	(void)state;
	clock_run();
	recorder_stop(&recorder);
	return 0;
}

static inline int recorder_isolate(void **state)
{
	bool isolated;

	(void)state;
	return web_isolate(&isolated);
}

static inline char *recorder_page(const char *request)
{
	int fd = web_connect(&recorder.web);
	char *answer = web_ask(&recorder.web, fd, request);

	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	close(fd);
	return answer;
}

static inline void recorder_scrape(void)
{
	char *page = recorder_page(WEB_GET("/metrics"));

	assert_int_equal(web_value(web_body(page), "mezoura_table_retired"), 0);
	free(page);
}

#define RECORDER_TEST(name) cmocka_unit_test_setup_teardown(name, recorder_setup, recorder_teardown)

#endif
