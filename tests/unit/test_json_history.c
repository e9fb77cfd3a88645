// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden file: an answer in parts. To accept a change: MZ_GOLDEN=write build/test_json_history
 */
#include "golden.h"

#include <json-c/json.h>
#include <netinet/in.h>
#include <string.h>

#include "output/json_history.h"

#define EPOCH 1700000000

static struct history_host hosts[] = {
	{.key = {"br-lan", .mac = {2, 0, 0, 0, 0, 10}, .family = AF_INET},
		.name = "anna\"</script>\xff",
		.source = "leases"},
	{.key = {"br-lan", .mac = {2, 0, 0, 0, 0, 10}, .family = AF_INET6}},
	{.key = {"wg0", .addr = {10, 0, 0, 2}, .family = AF_INET},
		.name = "bert",
		.source = "ethers"},
	{.key = {.reason = 1 + MZ_TABLE_FULL}},
	{.key = {.reason = HISTORY_FORGOTTEN_HOSTS}},
};

static void put_path(const struct history_question *question, int64_t from, int64_t to,
	int64_t after_start, uint64_t after_row, struct buf *out)
{
	char text[100];

	snprintf(text, sizeof(text), "%u %lld %lld %lld %llu", question->step, (long long)from,
		(long long)to, (long long)after_start, (unsigned long long)after_row);
	buf_text(out, text);
}

static struct history_answer part(uint32_t rows)
{
	return (struct history_answer){.row_count = rows,
		.host_count = sizeof(hosts) / sizeof(*hosts),
		.from = EPOCH,
		.to = EPOCH + 86400,
		.from_offset = 3600,
		.to_offset = -12600,
		.zone = "Europe/\"Berlin\""};
}

static struct history_row row(int64_t start, uint32_t host)
{
	return (struct history_row){.start = start,
		.end = start + 3600,
		.start_offset = 3600,
		.end_offset = 7200,
		.host = host,
		.estimated = host == 2,
		.counts = {{UINT64_MAX, 1}, {2, host}}};
}

static void the_document_is_as_it_was(void **state)
{
	struct history_gap gap[2] = {{.start = -1, .end = EPOCH, .end_offset = 20700},
		{EPOCH, EPOCH + 1, 3600, 3600, HISTORY_GAP_EXPIRED, 0}};
	static char misaligned[1 + sizeof(gap)];
	struct buf out = {0};

	(void)state;
	memcpy(misaligned + 1, gap, sizeof(gap));
	for (uint8_t by = 0; by < HISTORY_BYS; by++) {
		const struct history_question question = {.step = HISTORY_HOUR, .by = by};
		struct history_row rows[] = {row(EPOCH, 0), row(EPOCH, 1), row(EPOCH, 2),
			row(EPOCH + 3600, 3), row(EPOCH + 3600, 4)};
		struct history_answer first = part(3), last = part(2);
		struct json_history json;

		last.unsettled = first.unsettled = by == HISTORY_BY_NAME;
		last.gap_count = by == HISTORY_BY_TOTAL ? 0 : 2;
		last.next_row = by;
		last.next_start = EPOCH;
		json_history_begin(&json, &question, 1 << 20, &out);
		json_history_rows(&json, &first, rows, hosts);
		json_history_rows(&json, &last, rows + 3, hosts);
		json_history_end(&json, &last, misaligned + 1, put_path);
	}
	assert_false(out.failed);
	golden_expect("tests/golden/history.json", out.data, out.length);
	buf_free(&out);
}

static const char *start_of(const struct history_row *of)
{
	static char start[40];
	const struct history_question question = {.by = HISTORY_BY_TOTAL};
	struct history_answer answer = part(1);
	struct json_object *json, *array;
	struct json_history history;
	struct buf out = {0};

	json_history_begin(&history, &question, 1 << 20, &out);
	json_history_rows(&history, &answer, of, NULL);
	json_history_end(&history, &answer, NULL, put_path);
	buf_bytes(&out, "", 1);
	json = json_tokener_parse(out.data);
	assert_non_null(json);
	array = json_object_object_get(json, "rows");
	snprintf(start, sizeof(start), "%s",
		json_object_get_string(
			json_object_object_get(json_object_array_get_idx(array, 0), "start")));
	json_object_put(json);
	buf_free(&out);
	return start;
}

static void times_are_local(void **state)
{
	static const struct {
		int64_t time;
		int32_t offset;
		const char *text;
	} cases[] = {
		{0, 0, "1970-01-01T00:00:00+00:00"},
		{-1, 0, "1969-12-31T23:59:59+00:00"},
		{0, 20700, "1970-01-01T05:45:00+05:45"},
		{0, -12600, "1969-12-31T20:30:00-03:30"},
		{0, -1800, "1969-12-31T23:30:00-00:30"},
		{951782399, 3600, "2000-02-29T00:59:59+01:00"},
		{0, 3208, "1970-01-01T00:53:00+00:53"}, /* before zones: 53 min 28 s */
		{0, -3208, "1969-12-31T23:07:00-00:53"},
		{-62135510400, 86399, "0001-01-02T23:59:00+23:59"},
		{253402214400, 86399, "9999-12-31T23:59:00+23:59"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct history_row one = {.start = cases[i].time, .start_offset = cases[i].offset};

		assert_string_equal(start_of(&one), cases[i].text);
	}
}

/* Whole steps are left out, which the next question begins with. */
static void a_document_has_a_limit(void **state)
{
	static const char *const next[] = {"", "", "0 1700000000 1700086400 1700003600 1",
		"0 1700000000 1700086400 1700007200 1", "0 1700000000 1700086400 1700000999 99"};
	const struct history_question question = {.after_start = EPOCH, .after_row = 10};
	struct history_answer answer = part(4), none = part(0);
	size_t count = 0;

	(void)state;
	none.next_start = EPOCH + 999;
	none.next_row = 99;
	none.gap_count = 1;
	for (size_t limit = 1; count < 4; limit += 50) {
		struct history_row rows[] = {
			row(EPOCH, 0), row(EPOCH, 1), row(EPOCH + 3600, 2), row(EPOCH + 7200, 3)};
		const struct history_gap gap = {.reason = HISTORY_GAP_OFF};
		struct json_history history;
		struct json_object *json;
		struct buf out = {0};

		json_history_begin(&history, &question, limit, &out);
		json_history_rows(&history, &answer, rows, hosts);
		json_history_rows(&history, &none, NULL, NULL);
		json_history_end(&history, &none, &gap, put_path);
		buf_bytes(&out, "", 1);
		json = json_tokener_parse(out.data);
		assert_non_null(json);
		assert_true(
			json_object_array_length(json_object_object_get(json, "rows")) >= count);
		count = json_object_array_length(json_object_object_get(json, "rows"));
		assert_true(count >= 2); /* the first step is always whole */
		assert_string_equal(
			json_object_get_string(json_object_object_get(json, "next")), next[count]);
		assert_int_equal(json_object_array_length(json_object_object_get(json, "gaps")), 1);
		json_object_put(json);
		buf_free(&out);
	}
}

/* As the recorder says it last, where there is no row. */
static void the_range_is_that_of_the_rows(void **state)
{
	const struct history_question question = {.by = HISTORY_BY_TOTAL};
	struct history_answer early = part(0), late = part(0);
	struct json_history history;
	struct buf out = {0};

	(void)state;
	early.from = 0;
	json_history_begin(&history, &question, 1 << 20, &out);
	json_history_rows(&history, &early, NULL, NULL);
	json_history_rows(&history, &late, NULL, NULL);
	json_history_end(&history, &late, NULL, put_path);
	buf_bytes(&out, "", 1);
	assert_non_null(strstr(out.data, "\"from\": \"2023-11-14T23:13:20+01:00\""));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_document_is_as_it_was),
		cmocka_unit_test(times_are_local),
		cmocka_unit_test(a_document_has_a_limit),
		cmocka_unit_test(the_range_is_that_of_the_rows),
	};

	return cmocka_run_group_tests_name("json_history", tests, NULL, NULL);
}
