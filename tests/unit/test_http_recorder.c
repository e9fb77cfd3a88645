// SPDX-License-Identifier: GPL-2.0-or-later
/* A recorder that is silent, ends, begins anew, or is not there; and what it reports. */
#include "recorder.h"

#include <fcntl.h>
#include <json-c/json.h>

#include "serve/history_pages.h"

static const char *get(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

static void a_silent_history_is_said_to_be(void **state)
{
	int first, second;

	(void)state;
	first = recorder_client(&recorder, "?step=day");
	assert_true(recorder_is_asked(&recorder));
	second = recorder_client(&recorder, "?step=month");
	web_settle(&recorder.web);
	clock_advance(HISTORY_PATIENCE_MS);
	recorder_expect(&recorder, first, "503", "\r\nRetry-After: 10\r\n");
	recorder_expect(&recorder, second, "503", "does not answer");
	/* a late answer is no answer to the next question */
	first = recorder_client(&recorder, "?step=hour");
	web_settle(&recorder.web);
	recorder_answers(&recorder, 7);
	web_expect_calm(&recorder.web);
	while (recorder_is_asked(&recorder))
		; /* the last one */
	assert_int_equal(recorder.question.step, HISTORY_HOUR);
	recorder_answers(&recorder, 8);
	recorder_expect(&recorder, first, "200", "\"bytes\": 8");
}

static void the_server_can_end_while_clients_wait(void **state)
{
	int fd = recorder_client(&recorder, "?step=day");

	(void)state;
	assert_true(recorder_is_asked(&recorder));
	close(fd);
	fd = recorder_client(&recorder, "?step=month");
	web_settle(&recorder.web); /* stop() ends it now */
	close(fd);
}

static void another_recorder_is_asked_again(void **state)
{
	struct history_answer *message;
	uint64_t number;
	int fd;

	(void)state;
	recorder_report(&recorder, 1000);
	recorder_send(&recorder, sizeof(struct history_report));
	web_settle(&recorder.web);
	fd = recorder_client(&recorder, "?step=day");
	assert_true(recorder_is_asked(&recorder));
	number = recorder.question.number;
	message = recorder_answer(&recorder);
	recorder_rows(message, 1, 1);
	message->more = 1;
	recorder_send(&recorder, message->size);
	assert_true(recorder_is_asked(&recorder));
	recorder_report(&recorder, 1000); /* the same one */
	recorder_send(&recorder, sizeof(struct history_report));
	assert_false(recorder_is_asked(&recorder));
	recorder_report(&recorder, 2000);
	recorder_send(&recorder, sizeof(struct history_report));
	assert_true(recorder_is_asked(&recorder));
	assert_int_equal(recorder.question.kind, HISTORY_ASK);
	assert_true(recorder.question.number > number);
	message = recorder_answer(&recorder);
	recorder_rows(message, 2, 1);
	recorder_send(&recorder, message->size);
	/* and nothing of the first one is left */
	recorder_expect(&recorder, fd, "200",
		"\"rows\": [\n    {\"start\": "
		"\"2023-11-15T01:13:20+01:00\"");
}

static void without_a_recorder_there_is_no_history(void **state)
{
	struct http_config config = {.metrics = *web_options(),
		.history = open("/dev/null", O_RDWR | O_CLOEXEC),
		.snapshot = web_current,
		.context = &recorder.web};
	int null = config.history, fd, sockets = listen_tcp(NULL, 0);

	(void)state;
	fd = recorder_client(&recorder, "?step=day");
	assert_true(recorder_is_asked(&recorder));
	close(recorder.fd);
	recorder.fd = http_history_fd(recorder.web.http); /* for stop() to close */
	recorder_expect(&recorder, fd, "503", "does not answer");
	assert_int_equal(http_history_fd(recorder.web.http), -1);
	fd = recorder_client(&recorder, "?step=day");
	recorder_expect(&recorder, fd, "503", "does not answer");
	recorder_scrape();
	http_destroy(recorder.web.http);
	recorder.web.port = web_port(sockets);
	recorder.web.http = http_create(&config, &sockets, 1);
	assert_non_null(recorder.web.http);
	assert_int_equal(http_history_fd(recorder.web.http), -1);
	fd = recorder_client(&recorder, "?step=day");
	recorder_expect(&recorder, fd, "503", "no history is kept (--state -)");
	close(null);
}

static void reports_are_told(void **state)
{
	struct json_object *json, *history;
	char *page;

	(void)state;
	page = recorder_page(WEB_GET("/metrics"));
	assert_int_equal(web_value(web_body(page), "mezoura_history_answers"), 0);
	free(page);
	recorder_report(&recorder, 1000)->trouble = 1u << HISTORY_DISK_FULL;
	recorder_send(&recorder, sizeof(struct history_report));
	web_settle(&recorder.web);
	web_publish(&recorder.web, 3, 2);
	page = recorder_page(WEB_GET("/metrics"));
	assert_int_equal(web_value(web_body(page), "mezoura_history_answers"), 1);
	assert_int_equal(web_value(web_body(page), "mezoura_history_bytes"), 4096);
	assert_int_equal(
		web_value(web_body(page), "mezoura_history_trouble{reason=\"disk_full\"}"), 1);
	free(page);
	clock_advance(25001); /* 3 intervals and 10 s */
	web_publish(&recorder.web, 3, 3);
	page = recorder_page(WEB_GET("/api/v1/status"));
	json = json_tokener_parse(web_body(page));
	history = json_object_object_get(json, "history");
	assert_string_equal(get(history, "answers"), "false");
	assert_string_equal(get(history, "trouble"), "[ \"disk_full\" ]");
	assert_non_null(get(history, "reported"));
	json_object_put(json);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDER_TEST(a_silent_history_is_said_to_be),
		RECORDER_TEST(the_server_can_end_while_clients_wait),
		RECORDER_TEST(another_recorder_is_asked_again),
		RECORDER_TEST(without_a_recorder_there_is_no_history),
		RECORDER_TEST(reports_are_told),
	};

	return cmocka_run_group_tests_name("http_recorder", tests, recorder_isolate, NULL);
}
