// SPDX-License-Identifier: GPL-2.0-or-later
/* The parameters of /api/v1/history. */
#include "web.h"

#include <json-c/json.h>

#include "serve/history_request.h"
#include "serve/history_time.h"

static struct snapshot *snapshot;

static int enter(void **state)
{
	(void)state;
	snapshot = web_snapshot(3, 1); /* 0.0.0.1 belongs to 02:00:00:00:00:01 */
	return 0;
}

static int leave(void **state)
{
	(void)state;
	free(snapshot);
	return 0;
}

/* Reads "a=b&c=d" as libmicrohttpd splits it. */
static struct history_request read_query(const char *query)
{
	struct history_request request;
	char text[2000], *rest = text, *pair;

	history_request_begin(&request, 1);
	strcpy(text, query);
	while ((pair = strsep(&rest, "&")) && *pair) {
		char *name = strsep(&pair, "=");

		history_request_add(&request, name, pair, snapshot);
	}
	history_request_end(&request);
	return request;
}

static struct history_question expect_good(const char *query)
{
	struct history_request request = read_query(query);

	if (request.expected)
		fail_msg("%s: %s", query, request.expected);
	return request.question;
}

static void expect_bad(const char *query, const char *parameter)
{
	struct history_request request = read_query(query);
	struct json_object *json;
	struct buf line = {0};

	if (!request.expected)
		fail_msg("%s: no error", query);
	history_request_error(&request, &line);
	buf_bytes(&line, "", 1);
	assert_ptr_equal(strchr(line.data, '\n'), line.data + line.length - 2); /* one line */
	json = json_tokener_parse(line.data);
	assert_non_null(json);
	assert_string_equal(
		json_object_get_string(json_object_object_get(json, "parameter")), parameter);
	assert_true(strlen(json_object_get_string(json_object_object_get(json, "expected"))) > 0);
	assert_true(strlen(json_object_get_string(json_object_object_get(json, "error"))) > 0);
	json_object_put(json);
	buf_free(&line);
}

static void parameters_are_read(void **state)
{
	struct history_question question = expect_good("");

	(void)state;
	assert_int_equal(question.step, HISTORY_HOUR);
	assert_int_equal(question.by, HISTORY_BY_HOST);
	assert_int_equal(question.month_start, 1);
	assert_int_equal(question.from.kind, HISTORY_ALWAYS);
	assert_int_equal(question.who, HISTORY_EVERYBODY);
	question = expect_good("step=5m&by=total&after=-100.7");
	assert_int_equal(question.step, HISTORY_5M);
	assert_int_equal(question.by, HISTORY_BY_TOTAL);
	assert_int_equal(question.after_start, -100);
	assert_int_equal(question.after_row, 7);
	assert_int_equal(expect_good("by=name&step=month").by, HISTORY_BY_NAME);
}

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t value, kind;
	} good[] = {
		{"0", 0, HISTORY_INSTANT},
		{"-1", -1, HISTORY_INSTANT},
		{"1700000000", 1700000000, HISTORY_INSTANT},
		{"1970-01-01", 0, HISTORY_DATE},
		{"2024-02-29", 19782, HISTORY_DATE},
		{"1969-12-31", -1, HISTORY_DATE},
		{"0002-01-01", -718797, HISTORY_DATE},
		{"9998-12-31", 2932531, HISTORY_DATE},
		{"2023-11-14T22:13:20Z", 1700000000, HISTORY_INSTANT},
		{"2023-11-14t22:13:20.999z", 1700000000, HISTORY_INSTANT},
		{"2023-11-14T23:13:20+01:00", 1700000000, HISTORY_INSTANT},
		{"2023-11-14T23:13:20 01:00", 1700000000, HISTORY_INSTANT},
		{"2023-11-14T23:13:20%2b01:00", 1700000000, HISTORY_INSTANT},
		{"2023-11-14T16:43:20-05:30", 1700000000, HISTORY_INSTANT},
		{"2016-12-31T23:59:60Z", 1483228800, HISTORY_INSTANT},
	};
	static const char *const bad[] = {"", "-", "yesterday", "1e9", "1.5", "+1", " 1",
		"999999999999", "9999999999999", "2024-02-30", "2023-02-29", "1900-02-29",
		"2023-13-01", "2023-00-01", "2023-01-00", "2023-1-1", "2023-01-01T", "0001-12-31",
		"2023-01-01T00:00:00", "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z",
		"2023-01-01T00:00:61Z", "2023-01-01T00:00:00.Z", "2023-01-01T00:00Z",
		"2023-01-01T00:00:00Zx", "2023-01-01T00:00:00+0100", "2023-01-01T00:00:00+24:00",
		"2023-01-01 00:00:00Z", "9999-01-01", "9998-12-31T23:59:59-00:01", "%", "%3", "%zz",
		"%00", "1%00"};
	char query[100];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct history_question question;

		snprintf(query, sizeof(query), "from=%s", good[i].text);
		question = expect_good(query);
		if (question.from.value != good[i].value || question.from.kind != good[i].kind)
			fail_msg("%s: %lld", query, (long long)question.from.value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(query, sizeof(query), "to=%s", bad[i]);
		expect_bad(query, "to");
	}
	expect_bad("from=2&to=1", "from");
	expect_bad("from=2023-01-02&to=2023-01-01", "from");
	expect_good("from=2023-01-01&to=2023-01-01");
	expect_good("from=2023-01-02&to=0"); /* only the recorder can compare these */
}

static void hosts_are_read(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0xab, 0, 1};
	struct history_question question = expect_good("host=02:00:00:aB:00:1");
	char query[400] = "host=";

	(void)state;
	assert_int_equal(question.who, HISTORY_MAC);
	assert_memory_equal(question.mac, mac, 6);
	question = expect_good("host=0.0.0.1"); /* of the snapshot */
	assert_int_equal(question.who, HISTORY_MAC);
	assert_memory_equal(question.mac, ((uint8_t[]){2, 0, 0, 0, 0, 1}), 6);
	question = expect_good("host=192.0.2.1");
	assert_int_equal(question.who, HISTORY_ADDRESS);
	assert_int_equal(question.family, AF_INET);
	assert_memory_equal(question.addr, ((uint8_t[16]){192, 0, 2, 1}), 16);
	question = expect_good("host=2001:db8::%35");
	assert_int_equal(question.family, AF_INET6);
	assert_int_equal(question.addr[15], 5);
	question = expect_good("host=02:00:00:aB:00");
	assert_int_equal(question.who, HISTORY_NAMED);
	assert_string_equal(question.name, "02:00:00:aB:00");
	assert_memory_equal(question.mac, ((uint8_t[6]){0}), 6);
	question = expect_good("host=J%c3%bcrgens%20PC");
	assert_string_equal(question.name, "J\xc3\xbcrgens PC");
	memset(query + 5, 'x', HISTORY_NAME - 1);
	expect_good(query);
	query[5 + HISTORY_NAME - 1] = 'x';
	expect_bad(query, "host");
	expect_bad("host=", "host");
	expect_bad("host", "host");
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	expect_bad("step=1h", "step");
	expect_bad("step=", "step");
	expect_bad("by=mac", "by");
	expect_bad("limit=5", "limit");
	expect_bad("Step=hour", "Step");
	expect_bad("=hour", "");
	expect_bad("a-long-name-\"of-nothing=hour", "a-long-name-\"of");
	expect_bad("step=hour&step=hour", "step");
	expect_bad("from=1&to=2&from=1", "from");
	expect_bad("step=x&by=y", "step"); /* the first one */
	expect_bad("after=1700000000", "after");
	expect_bad("after=1700000000.0", "after");
	expect_bad("after=1700000000.01", "after");
	expect_bad("after=1700000000.1x", "after");
	expect_bad("after=1700000000.18446744073709551616", "after");
	assert_true(expect_good("after=0.18446744073709551615").after_row == UINT64_MAX);
	expect_bad("after=2023-01-01.1", "after");
	expect_bad("after=.1", "after");
}

/* What "next" has is the same question, behind the row. */
static void the_next_part_is_asked_for_by_its_path(void **state)
{
	static const char *const queries[] = {"", "step=5m&by=total", "step=day&by=name&host=anna",
		"step=month&host=02:00:00:aB:00:1", "host=192.0.2.1", "host=2001:db8::5",
		"host=a%26b%3d%25+%20%2B%c3%bc%01%ff", "host=0.0.0.1"};

	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		struct history_question question = expect_good(queries[i]), next;
		struct buf path = {0};

		history_request_next(&question, -5, 1700086400, 1700000000, 42, &path);
		buf_bytes(&path, "", 1);
		assert_int_equal(strncmp(path.data, "/api/v1/history?", 16), 0);
		next = expect_good(path.data + 16);
		question.from = (struct history_time){-5, HISTORY_INSTANT};
		question.to = (struct history_time){1700086400, HISTORY_INSTANT};
		question.after_start = 1700000000;
		question.after_row = 42;
		assert_memory_equal(&next, &question, sizeof(next));
		buf_free(&path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_read),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(hosts_are_read),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(the_next_part_is_asked_for_by_its_path),
	};

	return cmocka_run_group_tests_name("history_request", tests, enter, leave);
}
