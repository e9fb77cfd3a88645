// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the counts to the page that a client has read, mezoura allocates nothing once sizes have
 * settled. Where an allocation fails, there is an error, never half a page. The linker replaces
 * mezoura's own calls of malloc() and its like by those in this file (see the Makefile), but not
 * those of libraries.
 */
#include "web.h"

#include "daemon/snapshot_fill.h"
#include "model/snapshot_shared.h"
#include "output/json_hosts.h"
#include "output/json_status.h"

#define HOSTS  200
#define ROUNDS 100

static bool counting;
static unsigned calls;
static unsigned failing; /* which call from now on fails, while counting; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails(void)
{
	calls += counting;
	return counting && failing && --failing == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

/* The keeper and the exporter in one process, with the snapshot that they share. */
struct both {
	struct tally tally;
	struct names *names;
	struct snapshot_shared keeper, exporter;
	struct buf text_file;
	struct web web; /* without its snapshot */
	int client;
};

static const struct snapshot *read_shared(void *context)
{
	return snapshot_shared_read(&((struct both *)context)->exporter);
}

/* A pull: the same number of hosts, and of digits of their counts. */
static void pull(struct both *both, unsigned round)
{
	struct snapshot *snapshot;

	counting = true;
	tally_begin(&both->tally, 0);
	for (unsigned i = 0; i < HOSTS; i++) {
		struct tally_row row = {.counts = {{1000000 + round, 2000000 + round},
						.packets = {10000 + round, 20000 + round}},
			.family = AF_INET,
			.addr = {10, 0, 0, (uint8_t)i},
			.mac = {2, 0, 0, 0, 0, (uint8_t)i}};

		assert_int_equal(tally_add(&both->tally, &row), 0);
	}
	tally_sort(&both->tally);
	snapshot = snapshot_shared_begin(
		&both->keeper, snapshot_needed(&both->tally, both->names, NULL));
	assert_non_null(snapshot);
	snapshot_fill(snapshot, &both->tally, both->names, 1);
	snapshot_shared_end(&both->keeper, 1);
	buf_reset(&both->text_file);
	metrics_render(snapshot, web_options(), METRICS_TEXT, &both->text_file);
	counting = false;
	assert_false(both->text_file.failed);
}

/* The client is another process, so that only http_run() is counted. */
static void scrape(struct both *both, const char *request)
{
	static char text[1 << 20];
	size_t length = 0, whole = 0;

	web_send(both->client, request);
	while (!whole || length < whole) {
		ssize_t got =
			recv(both->client, text + length, sizeof(text) - 1 - length, MSG_DONTWAIT);
		struct pollfd pollfd = {.fd = http_fd(both->web.http), .events = POLLIN};

		if (got > 0) {
			length += (size_t)got;
			text[length] = '\0';
			if (!whole && strstr(text, "\r\n\r\n"))
				whole = (size_t)(web_body(text) - text) +
					strtoul(strstr(text, "Content-Length: ") + 16, NULL, 10);
			continue;
		}
		assert_true(got < 0 && errno == EAGAIN);
		poll(&pollfd, 1, http_timeout(both->web.http) == 0 ? 0 : 10);
		counting = true;
		http_run(both->web.http);
		counting = false;
	}
	assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
	assert_int_equal(length, whole);
	assert_true(whole > both->text_file.length);
}

static int enter(void **state)
{
	struct both *both = calloc(1, sizeof(*both));
	struct http_config config = {
		.metrics = *web_options(), .snapshot = read_shared, .context = both};
	int fd = listen_tcp(NULL, 0);

	if (!both || fd < 0)
		return -1;
	*state = both;
	tally_init(&both->tally);
	both->names = names_create();
	both->web.port = web_port(fd);
	both->web.http = http_create(&config, &fd, 1);
	if (!both->web.http || snapshot_shared_create(&both->keeper) < 0 ||
		snapshot_shared_open(&both->exporter, dup(both->keeper.fd)) < 0)
		return -1;
	both->client = web_connect(&both->web);
	return 0;
}

static int leave(void **state)
{
	struct both *both = *state;

	close(both->client);
	http_destroy(both->web.http);
	snapshot_shared_close(&both->exporter);
	snapshot_shared_close(&both->keeper);
	buf_free(&both->text_file);
	names_destroy(both->names);
	tally_finish(&both->tally);
	free(both);
	return 0;
}

static void pulls_and_scrapes(struct both *both, const char *request, unsigned every)
{
	calls = 0;
	pull(both, 0);
	assert_true(calls > 0); /* the first pages allocate: counting works */
	scrape(both, request);
	calls = 0;
	for (unsigned round = 1; round <= ROUNDS; round++) {
		if (round % every == 0)
			pull(both, round);
		scrape(both, request);
	}
	assert_int_equal(calls, 0);
}

static void scrapes_of_the_same_snapshot_allocate_nothing(void **state)
{
	pulls_and_scrapes(*state, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", ROUNDS + 1);
}

static void pulls_and_scrapes_of_new_ones_allocate_nothing(void **state)
{
	pulls_and_scrapes(*state, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 1);
}

static void nor_do_those_in_the_other_format(void **state)
{
	pulls_and_scrapes(*state,
		"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: "
		"application/openmetrics-text\r\n\r\n",
		3);
}

static struct history_state history = {.report = {.trouble = 1u << HISTORY_DISK_FULL}};

static void write_status(const void *snapshot, struct buf *out)
{
	json_status(snapshot, &history, out);
}

static void write_hosts(const void *snapshot, struct buf *out)
{
	json_hosts(snapshot, out);
}

static void write_left(const void *snapshot, struct buf *out)
{
	const struct snapshot *s = snapshot;

	json_leftover(s->hook, s->hook_count, out);
}

static struct snapshot *new_snapshot(void)
{
	struct snapshot *snapshot = web_snapshot(HOSTS, 1);

	snapshot->interface_count = 1;
	strcpy(snapshot->nets[0].ifname, "br-lan");
	snapshot->hook_count = 50;
	for (uint32_t i = 0; i < snapshot->hook_count; i++)
		snprintf(snapshot->hook[i].device, sizeof(snapshot->hook[i].device), "port%u", i);
	snapshot->incomplete = 1u << SNAPSHOT_XDP;
	return snapshot;
}

static void json_is_whole_or_an_error(void **state)
{
	static void (*const write[])(const void *, struct buf *) = {
		write_status, write_hosts, write_left};
	struct snapshot *snapshot = new_snapshot();

	(void)state;
	for (size_t i = 0; i < sizeof(write) / sizeof(*write); i++) {
		struct buf whole = {0};
		unsigned fail = 0;
		bool failed = true;

		write[i](snapshot, &whole);
		assert_false(whole.failed);
		while (failed) {
			struct buf buf = {0};

			counting = true;
			failing = ++fail;
			write[i](snapshot, &buf);
			counting = false;
			failed = buf.failed;
			assert_true(failed || (buf.length == whole.length &&
						      !memcmp(buf.data, whole.data, buf.length)));
			buf_free(&buf);
		}
		assert_true(failing); /* it made fewer calls */
		assert_true(fail > 1);
		buf_free(&whole);
	}
	free(snapshot);
}

/* The first page of a kind is asked for while the server's nth allocation fails. */
static unsigned ask_failing(const char *request, unsigned fail, char answer[4])
{
	struct web web;
	char *text, byte;
	int fd;

	web_start(&web, HOSTS, NULL);
	fd = web_connect(&web);
	web_settle(&web);
	web_send(fd, request);
	counting = true;
	failing = fail;
	while (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN)
		web_run(&web, 10);
	counting = false;
	text = web_answer(&web, fd, false);
	memcpy(answer, text + 9, 3);
	answer[3] = '\0';
	free(text);
	close(fd);
	web_scrape(&web, HOSTS, 1); /* and it goes on */
	web_stop(&web);
	return failing;
}

static void without_memory_for_a_page_there_is_503(void **state)
{
	static const char *const requests[] = {
		"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /api/v1/hosts HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		unsigned fail = 1;
		char answer[4];

		for (; !ask_failing(requests[i], fail, answer); fail++)
			assert_string_equal(answer, "503");
		assert_string_equal(answer, "200");
		assert_true(fail > 1);
	}
}

static int isolate(void **state)
{
	bool isolated;

	(void)state;
	return web_isolate(&isolated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			scrapes_of_the_same_snapshot_allocate_nothing, enter, leave),
		cmocka_unit_test_setup_teardown(
			pulls_and_scrapes_of_new_ones_allocate_nothing, enter, leave),
		cmocka_unit_test_setup_teardown(nor_do_those_in_the_other_format, enter, leave),
		cmocka_unit_test(json_is_whole_or_an_error),
		cmocka_unit_test(without_memory_for_a_page_there_is_503),
	};

	return cmocka_run_group_tests_name("allocations", tests, isolate, NULL);
}
