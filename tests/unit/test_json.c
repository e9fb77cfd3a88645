// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden files: a snapshot rendered as JSON, and that JSON as text. To accept a change:
 * MZ_GOLDEN=write build/test_json
 */
#include "golden.h"

#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/status_text.h"
#include "output/json_status.h"

static struct snapshot snapshot;

static const struct history_state history = {.answers = true,
	.reported_ms = 1700000001999,
	.report = {.trouble = (1u << HISTORY_TROUBLES) - 1,
		.bytes = 3100000,
		.bytes_limit = 8000000,
		.recent_bytes = 40960,
		.written_today = 204800,
		.written = 1204800,
		.commits = 42,
		.failures = 1,
		.committed = 1699999200,
		.reach = {1699910000, 1694000000, 0, 0},
		.rows = {1000, 20000, 300, 0},
		.lost_bytes = 7,
		.hosts = 12,
		.zone = "Europe/Berlin"}};

static struct snapshot_prefix prefix(const char *address, uint8_t length)
{
	struct snapshot_prefix prefix = {.length = length};

	prefix.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(prefix.family, address, prefix.addr), 1);
	return prefix;
}

static struct snapshot_hook hook(
	const char *device, enum mz_direction direction, enum snapshot_hook_kind kind, uint8_t net)
{
	struct snapshot_hook hook = {.direction = (uint8_t)direction,
		.kind = (uint8_t)kind,
		.net = net,
		.age_s = net ? 59 : 93784};

	strcpy(hook.device, device);
	return hook;
}

static void fill_interfaces(void)
{
	snapshot.interface_count = 3;
	strcpy(snapshot.nets[0].ifname, "br-lan");
	strcpy(snapshot.nets[2].ifname, "wg0");
	strcpy(snapshot.nets[5].ifname, "a\xff\x1b[2J\"b");
	snapshot.interface[0] = (struct snapshot_interface){
		.present = true, .hooked = true, .followed = true, .prefix_count = 2};
	snapshot.interface[0].prefix[0] = prefix("192.168.2.0", 24);
	snapshot.interface[0].prefix[1] = prefix("2001:db8:ca2:2::", 64);
	snapshot.interface[1] = (struct snapshot_interface){.net = 2, .prefix_count = 1};
	snapshot.interface[1].prefix[0] = prefix("10.0.0.0", 8);
	snapshot.interface[2] = (struct snapshot_interface){.net = 5, .present = true};
	snapshot.hook_count = 5;
	snapshot.hook[0] = hook("br-lan", MZ_UPLOAD, SNAPSHOT_TCX, 0);
	snapshot.hook[1] = hook("br-lan", MZ_DOWNLOAD, SNAPSHOT_TCX, 0);
	snapshot.hook[2] = hook("a-long-device-n", MZ_UPLOAD, SNAPSHOT_CLSACT, 0);
	snapshot.hook[3] = hook("a-long-device-n", MZ_DOWNLOAD, SNAPSHOT_TCX, 0);
	snapshot.hook[4] = hook("a\xff\x1b[2J\"b", MZ_DOWNLOAD, SNAPSHOT_CLSACT, 5);
}

static int fill(void **state)
{
	(void)state;
	snapshot = (struct snapshot){
		.taken_ms = 1700000000023,
		.number = 42,
		.pull_us = 1234,
		.uptime_s = 93784,
		.entries = {12, 4096},
		.capacity = {4096, 4096},
		.retired_count = 7,
		.kernel_bytes = 3 << 20,
		.hooks_restored = 2,
		.missed_packets = 9007199254740993,
		.exporter_restarts = 3,
		.recorder_restarts = 2,
		.source_count = 2,
		.source = {{"uci", 3}, {"leases", 0}},
		.incomplete = 1u << SNAPSHOT_HARDWARE_OFFLOAD | 1u << SNAPSHOT_XDP,
	};
	fill_interfaces();
	snapshot.unattributed[MZ_UPLOAD][MZ_TABLE_FULL] = (struct mz_volume){1000, 10};
	snapshot.unattributed[MZ_DOWNLOAD][MZ_MALFORMED] = (struct mz_volume){UINT64_MAX, 1};
	return 0;
}

/* The text that status_text() makes of a document; the caller frees it. */
static char *report(const char *json, int expected)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(status_text(json, out), expected);
	fclose(out);
	return text;
}

static void the_status_is_as_it_was(void **state)
{
	struct json_object *parsed;
	struct buf json = {0};

	(void)state;
	json_status(&snapshot, &history, &json);
	assert_false(json.failed);
	golden_expect("tests/golden/status.json", json.data, json.length);
	buf_bytes(&json, "", 1);
	parsed = json_tokener_parse(json.data);
	assert_non_null(parsed);
	json_object_put(parsed);
	buf_free(&json);
}

/* Device names may be anything. */
static void what_is_left_is_json(void **state)
{
	struct json_object *left, *list, *hook;
	struct buf json = {0};

	(void)state;
	json_leftover(NULL, 0, &json);
	buf_bytes(&json, "", 1);
	assert_string_equal(json.data, "{\n  \"daemon\": false,\n  \"classifier\": []\n}\n");
	buf_reset(&json);
	json_leftover(snapshot.hook, 5, &json);
	buf_bytes(&json, "", 1);
	left = json_tokener_parse(json.data);
	assert_true(json_object_object_get_ex(left, "classifier", &list));
	assert_int_equal(json_object_array_length(list), 5);
	hook = json_object_array_get_idx(list, 4);
	assert_int_equal(json_object_object_length(hook), 3);
	assert_string_equal(json_object_get_string(json_object_object_get(hook, "device")),
		"a\xef\xbf\xbd\x1b[2J\"b");
	assert_string_equal(
		json_object_get_string(json_object_object_get(hook, "direction")), "egress");
	assert_string_equal(json_object_get_string(json_object_object_get(hook, "kind")), "clsact");
	json_object_put(left);
	buf_free(&json);
}

static void its_text_is_as_it_was(void **state)
{
	struct buf json = {0};
	char *text;

	(void)state;
	json_status(&snapshot, &history, &json);
	buf_bytes(&json, "", 1);
	assert_int_equal(status_text(json.data, NULL), 2);
	text = report(json.data, 2);
	golden_expect("tests/golden/status.txt", text, strlen(text));
	free(text);
	buf_free(&json);
}

static void a_snapshot_of_nothing_has_a_status(void **state)
{
	static const struct snapshot nothing;
	struct buf json = {0};
	char *text;

	(void)state;
	json_status(&nothing, NULL, &json);
	buf_bytes(&json, "", 1);
	text = report(json.data, 0);
	assert_non_null(strstr(text, "last reading  1970-01-01T00:00:00.000Z, in 0.00 ms\n"));
	assert_non_null(strstr(text, "history       none is kept\n"));
	free(text);
	buf_free(&json);
}

static void the_status_of_another_version_is_printed_as_far_as_it_goes(void **state)
{
	static const char *const odd[] = {
		"{}",
		"{\"interfaces\": 3, \"incomplete\": {}, \"table\": [], \"names\": [1]}",
		"{\"interfaces\": [7, {\"hooked\": null, \"hooks\": [null, 1]}, null]}",
		"{\"interfaces\": [{\"prefixes\": [{}, null]}]}",
		"{\"unattributed\": {\"upload\": {\"x\": 3, \"y\": {\"packets\": \"many\"}}}}",
		"{\"incomplete\": [\"new reason\", null, 3]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		free(report(odd[i], 0));
}

static void what_is_no_json_object_is_refused(void **state)
{
	static const char *const bad[] = {"", "[]", "3", "{", "null", "<html>", "{\"a\": \xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *text = report(bad[i], -EPROTO);

		assert_string_equal(text, "");
		free(text);
	}
}

static void what_strangers_wrote_steers_no_terminal(void **state)
{
	char *text = report("{\"version\": \"\\u001b[31m\\u009b\\u0007\\n\\u007f\", "
			    "\"names\": {\"\\u001b]0;x\": 1}, \"incomplete\": [\"\\u0008\"]}",
		0);

	(void)state;
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
	assert_null(strstr(text, "\xc2\x9b"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_is_as_it_was),
		cmocka_unit_test(what_is_left_is_json),
		cmocka_unit_test(its_text_is_as_it_was),
		cmocka_unit_test(a_snapshot_of_nothing_has_a_status),
		cmocka_unit_test(the_status_of_another_version_is_printed_as_far_as_it_goes),
		cmocka_unit_test(what_is_no_json_object_is_refused),
		cmocka_unit_test(what_strangers_wrote_steers_no_terminal),
	};

	return cmocka_run_group_tests_name("json", tests, fill, NULL);
}
