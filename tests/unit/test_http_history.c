// SPDX-License-Identifier: GPL-2.0-or-later
/* /api/v1/history: the test plays the recorder, and its clients. */
#include "recorder.h"

#include <json-c/json.h>

#include "serve/history_pages.h"

static const char *get(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

static void rows_become_json(void **state)
{
	int fd = recorder_client(&recorder, "?step=hour&from=1700000000&to=2023-11-15");
	struct json_object *json, *row, *gap;
	struct history_answer *message;
	char *answer;

	(void)state;
	assert_true(recorder_is_asked(&recorder));
	assert_int_equal(recorder.question.kind, HISTORY_ASK);
	assert_int_equal(recorder.question.step, HISTORY_HOUR);
	assert_int_equal(recorder.question.month_start, 3);
	assert_int_equal(recorder.question.from.kind, HISTORY_INSTANT);
	assert_int_equal(recorder.question.from.value, 1700000000);
	assert_int_equal(recorder.question.to.kind, HISTORY_DATE);
	assert_int_equal(recorder.question.to.value, 19676);
	message = recorder_answer(&recorder);
	recorder_rows(message, 0, 2);
	message->more = 1;
	recorder_send(&recorder, message->size);
	assert_true(recorder_is_asked(&recorder));
	assert_int_equal(recorder.question.kind, HISTORY_MORE);
	message = recorder_answer(&recorder);
	recorder_rows(message, 2, 1);
	recorder_gap(message, HISTORY_GAP_OFF);
	message->next_start = RECORDER_EPOCH + 7200;
	message->next_row = 7;
	recorder_send(&recorder, message->size);
	answer = web_answer(&recorder.web, fd, false);
	web_expect_field(answer, "Content-Type: application/json");
	web_expect_field(answer, "Cache-Control: no-store");
	web_expect_field(answer, "Vary: Accept-Encoding");
	json = json_tokener_parse(web_body(answer));
	assert_non_null(json);
	assert_string_equal(get(json, "zone"), "Europe/Berlin");
	assert_string_equal(get(json, "from"), "2023-11-14T23:13:20+01:00");
	assert_string_equal(get(json, "next"),
		"/api/v1/history?step=hour&by=host&from=1700000000&to=1700086400&after="
		"1700007200.7");
	assert_int_equal(json_object_array_length(json_object_object_get(json, "rows")), 3);
	row = json_object_array_get_idx(json_object_object_get(json, "rows"), 2);
	assert_string_equal(get(row, "start"), "2023-11-15T01:13:20+01:00");
	assert_string_equal(get(row, "mac"), "02:00:00:00:00:0A");
	assert_string_equal(get(row, "name"), "anna");
	gap = json_object_array_get_idx(json_object_object_get(json, "gaps"), 0);
	assert_string_equal(get(gap, "reason"), "off");
	json_object_put(json);
	free(answer);
	close(fd);
}

static void methods_and_packing_are_as_of_other_pages(void **state)
{
	int fd = web_connect(&recorder.web);
	struct history_answer *message;
	char *answer;

	(void)state;
	answer = web_ask(&recorder.web, fd,
		"POST /api/v1/history HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(strncmp(answer, "HTTP/1.1 405 ", 13), 0);
	free(answer);
	web_send(fd, "HEAD /api/v1/history HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(recorder_is_asked(&recorder));
	message = recorder_answer(&recorder);
	recorder_rows(message, 0, 100);
	recorder_send(&recorder, message->size);
	answer = web_answer(&recorder.web, fd, true);
	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	assert_string_equal(web_body(answer), "");
	free(answer);
	/* of the same page */
	answer = web_ask(&recorder.web, fd,
		"GET /api/v1/history HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
	web_expect_field(answer, "Content-Encoding: gzip");
	free(answer);
	assert_false(recorder_is_asked(&recorder));
	close(fd);
}

static void wrong_parameters_are_named(void **state)
{
	int fd = recorder_client(&recorder, "?step=hour&from=yesterday");

	(void)state;
	recorder_expect(&recorder, fd, "400", "\"parameter\": \"from\"");
	fd = recorder_client(&recorder, "?from=2023-11-14T22:13:20+01:00&step=year");
	recorder_expect(&recorder, fd, "400", "\"parameter\": \"step\"");
	assert_false(recorder_is_asked(&recorder));
	/* those that only the recorder can judge */
	fd = recorder_client(&recorder, "?from=2023-11-15&to=1700000000");
	assert_true(recorder_is_asked(&recorder));
	recorder_answer(&recorder)->error = -EINVAL;
	recorder_send(&recorder, sizeof(struct history_answer));
	recorder_expect(&recorder, fd, "400", "\"parameter\": \"from\"");
	fd = recorder_client(&recorder, "?step=day");
	assert_true(recorder_is_asked(&recorder));
	recorder_answer(&recorder)->error = -EIO;
	recorder_send(&recorder, sizeof(struct history_answer));
	recorder_expect(&recorder, fd, "503", "cannot be read");
}

static void the_same_question_is_asked_once(void **state)
{
	int fd[3];

	(void)state;
	clock_stop();
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++)
			fd[i] = recorder_client(&recorder, "?step=day");
		if (round == 0) {
			assert_true(recorder_is_asked(&recorder));
			assert_false(recorder_is_asked(&recorder));
			recorder_answers(&recorder, 5);
		}
		for (int i = 0; i < 3; i++)
			recorder_expect(&recorder, fd[i], "200", "\"bytes\": 5");
		assert_false(recorder_is_asked(&recorder));
	}
	for (uint32_t i = 6; i < 8; i++) {
		if (i == 6)
			web_publish(&recorder.web, 3, 2);
		else
			clock_advance(HISTORY_PAGE_MS);
		fd[0] = recorder_client(&recorder, "?step=day");
		assert_true(recorder_is_asked(&recorder));
		recorder_answers(&recorder, i);
		recorder_expect(&recorder, fd[0], "200", i == 6 ? "\"bytes\": 6" : "\"bytes\": 7");
	}
}

static void scrapes_do_not_wait_for_the_history(void **state)
{
	static const char *const queries[] = {
		"?step=5m", "?step=hour", "?step=day", "?step=month", "?by=name", "?by=total"};
	int fd[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		fd[i] = recorder_client(&recorder, queries[i]);
	assert_true(recorder_is_asked(&recorder));
	recorder_scrape();
	web_expect_calm(&recorder.web);
	for (int i = 0; i < 6; i++) {
		recorder_answers(&recorder, (uint32_t)i);
		recorder_scrape();
		if (i < 5)
			assert_true(recorder_is_asked(&recorder));
	}
	for (int i = 0; i < 6; i++)
		recorder_expect(&recorder, fd[i], "200", "\"rows\": [");
}

static void too_many_are_turned_away(void **state)
{
	int fd[HISTORY_WAITERS], more;
	char query[32];

	(void)state;
	for (int i = 0; i < HISTORY_WAITERS; i++) {
		snprintf(query, sizeof(query), "?host=host%d", i);
		fd[i] = recorder_client(&recorder, query);
	}
	web_settle(&recorder.web);
	more = recorder_client(&recorder, "?host=one-more");
	recorder_expect(&recorder, more, "503", "\r\nRetry-After: 1\r\n");
	for (int i = 0; i < HISTORY_WAITERS; i++) {
		assert_true(recorder_is_asked(&recorder));
		snprintf(query, sizeof(query), "host%d", i);
		assert_string_equal(recorder.question.name, query); /* first come, first */
		recorder_answers(&recorder, 1);
		recorder_expect(&recorder, fd[i], "200", "\"rows\": [");
	}
	more = recorder_client(&recorder, "?host=one-more");
	assert_true(recorder_is_asked(&recorder));
	recorder_answers(&recorder, 1);
	recorder_expect(&recorder, more, "200", "\"rows\": [");
}

static void clients_that_wait_are_not_slow(void **state)
{
	int fd = recorder_client(&recorder, "?step=day");

	(void)state;
	assert_true(recorder_is_asked(&recorder));
	clock_advance(HISTORY_PATIENCE_MS - 1000);
	web_settle(&recorder.web);
	recorder_answers(&recorder, 3);
	web_settle(&recorder.web);
	clock_advance(CLIENTS_ANSWER_MS - 2000); /* the time to read begins with the answer */
	web_settle(&recorder.web);
	recorder_expect(&recorder, fd, "200", "\"bytes\": 3");
}

static void clients_that_leave_are_forgotten(void **state)
{
	int fd[HISTORY_WAITERS];
	char query[32];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < HISTORY_WAITERS; i++) {
			snprintf(query, sizeof(query), "?host=host%d", i);
			fd[i] = recorder_client(&recorder, query);
		}
		web_settle(&recorder.web);
		for (int i = 0; i < HISTORY_WAITERS; i++)
			if (i % 2)
				close(fd[i]);
			else
				web_reset(fd[i]);
		web_settle(&recorder.web);
		if (round == 1) {
			clock_advance(HISTORY_PATIENCE_MS);
			web_settle(&recorder.web);
			while (recorder_is_asked(&recorder))
				;
		} else {
			while (recorder_is_asked(&recorder))
				recorder_answers(&recorder, 1);
		}
		web_publish(&recorder.web, 3, (uint64_t)round + 2);
	}
	fd[0] = recorder_client(&recorder, "?step=day");
	assert_true(recorder_is_asked(&recorder));
	recorder_answers(&recorder, 9);
	recorder_expect(&recorder, fd[0], "200", "\"bytes\": 9");
	web_expect_calm(&recorder.web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDER_TEST(rows_become_json),
		RECORDER_TEST(methods_and_packing_are_as_of_other_pages),
		RECORDER_TEST(wrong_parameters_are_named),
		RECORDER_TEST(the_same_question_is_asked_once),
		RECORDER_TEST(scrapes_do_not_wait_for_the_history),
		RECORDER_TEST(too_many_are_turned_away),
		RECORDER_TEST(clients_that_wait_are_not_slow),
		RECORDER_TEST(clients_that_leave_are_forgotten),
	};

	return cmocka_run_group_tests_name("http_history", tests, recorder_isolate, NULL);
}
