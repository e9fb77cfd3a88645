// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden files: pages of rows. To accept a change: MZ_GOLDEN=write build/test_metrics
 */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/tally_text.h"
#include "output/metrics.h"
#include "take.h"

static const char dhcp[] = "config host\n\toption name 'koko'\n\toption mac 'aa:BB:cc:dd:ee:ff'\n"
			   "config host\n\toption name 'a\"b\\\\c\xff</script>'\n"
			   "\toption mac '02:00:00:00:00:02'\n";

static struct snapshot *take(const char *rows, struct names **names)
{
	char path[] = "/tmp/mz-names-XXXXXX";
	struct snapshot *snapshot = NULL;
	struct tally tally;
	unsigned line;
	FILE *file = fopen(rows, "r");
	int fd = mkstemp(path);

	assert_non_null(file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, dhcp, strlen(dhcp)), strlen(dhcp));
	close(fd);
	*names = names_create();
	assert_int_equal(names_add_file(*names, NAMES_UCI, path), 0);
	names_refresh(*names);
	unlink(path);
	tally_init(&tally);
	assert_int_equal(tally_text_read(file, &tally, &line), 0);
	fclose(file);
	take_snapshot(&snapshot, &tally, *names, 1700000000123);
	snapshot->hook_count = 1;
	snapshot->incomplete = 1u << SNAPSHOT_HARDWARE_OFFLOAD;
	snapshot->hook[0] = (struct snapshot_hook){
		.device = "br-lan", .direction = MZ_DOWNLOAD, .kind = SNAPSHOT_TCX};
	snapshot->interface_count = 2;
	snapshot->interface[0] = (struct snapshot_interface){.present = true, .hooked = true};
	snapshot->interface[1] = (struct snapshot_interface){.net = MZ_NETS - 1};
	strcpy(snapshot->nets[MZ_NETS - 1].ifname, "brr0");
	snapshot->pull_us = 1234;
	snapshot->missed_packets = 7;
	snapshot->keeper = (struct snapshot_process){987654321, 3 << 20, 1700000000000};
	tally_finish(&tally);
	return snapshot;
}

static const struct history_state history = {.answers = true,
	.report = {.trouble = 1u << HISTORY_DISK_FULL | 1u << HISTORY_CLOCK,
		.bytes = 3100000,
		.bytes_limit = 8000000,
		.recent_bytes = 40960,
		.written = 1204800,
		.commits = 42,
		.failures = 1,
		.committed = 1699999200,
		.reach = {1699910000, 1694000000, -5, 0},
		.rows = {1000, 20000, 300, 0},
		.lost_bytes = 7,
		.hosts = 12,
		.cpu_us = 5,
		.resident_bytes = 4096,
		.started_ms = 1700000000123}};

static void check(struct metrics_options options, enum metrics_format format, const char *golden)
{
	static const struct snapshot_process process = {12345678, 1 << 20, 1700000000123};
	struct buf page = {0};
	struct names *names;
	struct snapshot *snapshot = take("tests/golden/house.rows", &names);

	options.process = options.exporter ? &process : NULL;
	options.history = &history; /* which only the exporter's pages have */
	metrics_render(snapshot, &options, format, &page);
	assert_false(page.failed);
	golden_expect(golden, page.data, page.length);
	buf_free(&page);
	names_destroy(names);
	free(snapshot);
}

#define OPTIONS(...) ((struct metrics_options){__VA_ARGS__})

static void the_legacy_families_are_as_they_were(void **state)
{
	(void)state;
	check(OPTIONS(.legacy = true), METRICS_TEXT, "tests/golden/legacy.prom");
}

static void unknown_hosts_are_shown_when_asked_for(void **state)
{
	(void)state;
	check(OPTIONS(.legacy = true, .show_unknown = true), METRICS_TEXT,
		"tests/golden/legacy-unknown.prom");
}

static void the_native_families_add_up_by_host(void **state)
{
	(void)state;
	check(OPTIONS(.native = true), METRICS_TEXT, "tests/golden/native.prom");
}

static void the_exporters_families_are_in_its_native_pages_only(void **state)
{
	const struct metrics_exporter exporter = {12, {3, 0, UINT64_MAX, 1}};

	(void)state;
	check(OPTIONS(.native = true, .exporter = &exporter), METRICS_TEXT,
		"tests/golden/http.prom");
	check(OPTIONS(.native = true, .exporter = &exporter), METRICS_OPENMETRICS,
		"tests/golden/http.openmetrics");
	check(OPTIONS(.legacy = true, .exporter = &exporter), METRICS_TEXT,
		"tests/golden/legacy.prom");
}

static void openmetrics_has_its_own_names_and_an_end(void **state)
{
	(void)state;
	check(OPTIONS(.legacy = true, .native = true), METRICS_OPENMETRICS,
		"tests/golden/all.openmetrics");
}

static void rendering_again_allocates_nothing(void **state)
{
	struct metrics_options options = {.legacy = true, .native = true, .show_unknown = true};
	struct buf page = {0};
	struct names *names;
	struct snapshot *snapshot = take("tests/golden/house.rows", &names);
	char *data;
	size_t capacity;

	(void)state;
	metrics_render(snapshot, &options, METRICS_TEXT, &page);
	data = page.data;
	capacity = page.capacity;
	for (int i = 0; i < 10; i++) {
		buf_reset(&page);
		metrics_render(snapshot, &options, METRICS_TEXT, &page);
	}
	assert_ptr_equal(page.data, data);
	assert_int_equal(page.capacity, capacity);
	buf_free(&page);
	names_destroy(names);
	free(snapshot);
}

struct pieces {
	struct buf whole;
	unsigned count;
	size_t longest;
};

static void add_piece(void *context, const char *text, size_t length)
{
	struct pieces *pieces = context;

	buf_bytes(&pieces->whole, text, length);
	pieces->count++;
	if (length > pieces->longest)
		pieces->longest = length;
}

/* A snapshot of so many hosts, each with an address and a name. */
static struct snapshot *take_many(uint32_t hosts)
{
	struct snapshot *snapshot;
	struct tally tally;
	struct names *names = names_create();

	assert_non_null(names);
	tally_init(&tally);
	for (uint32_t i = 0; i < hosts; i++) {
		struct tally_row row = {.counts = {{i, i * 7ull}, {i, 1}},
			.family = AF_INET,
			.addr = {10, 0, (uint8_t)(i >> 8), (uint8_t)i},
			.mac = {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};

		assert_int_equal(tally_add(&tally, &row), 0);
	}
	tally_sort(&tally);
	snapshot = NULL;
	take_snapshot(&snapshot, &tally, names, 1);
	tally_finish(&tally);
	names_destroy(names);
	return snapshot;
}

static void piece_by_piece_a_page_is_the_same(void **state)
{
	static const uint32_t hosts[] = {0, 1, 300, 3000};
	struct metrics_options options = {.legacy = true, .native = true, .show_unknown = true};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		struct snapshot *snapshot = take_many(hosts[i]);
		struct pieces pieces = {0};
		struct buf page = {0}, whole = {0};

		metrics_render(snapshot, &options, METRICS_TEXT, &whole);
		for (int again = 0; again < 2; again++) {
			buf_reset(&page);
			buf_reset(&pieces.whole);
			page.sink = add_piece;
			page.context = &pieces;
			metrics_render(snapshot, &options, METRICS_TEXT, &page);
			buf_flush(&page, 0);
			assert_false(page.failed);
			assert_int_equal(page.length, 0);
			assert_int_equal(pieces.whole.length, whole.length);
			assert_memory_equal(pieces.whole.data, whole.data, whole.length);
		}
		if (hosts[i] == 3000) {
			assert_true(pieces.count > 20);
			assert_true(page.capacity < whole.length / 3);
		}
		buf_free(&page);
		buf_free(&whole);
		buf_free(&pieces.whole);
		free(snapshot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_legacy_families_are_as_they_were),
		cmocka_unit_test(unknown_hosts_are_shown_when_asked_for),
		cmocka_unit_test(the_native_families_add_up_by_host),
		cmocka_unit_test(the_exporters_families_are_in_its_native_pages_only),
		cmocka_unit_test(openmetrics_has_its_own_names_and_an_end),
		cmocka_unit_test(rendering_again_allocates_nothing),
		cmocka_unit_test(piece_by_piece_a_page_is_the_same),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
