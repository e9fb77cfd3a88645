// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From counts to a page that a client has read, nothing of ours is allocated once sizes have
 * settled. The linker leads our own calls of malloc() and its like to here (see the Makefile);
 * those of libraries stay theirs.
 */
#include "web.h"

#include "shared.h"
#include "snapshot_take.h"

#define HOSTS  200
#define ROUNDS 100

static bool counting;
static unsigned calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
	calls += counting;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	calls += counting;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	calls += counting;
	return __real_realloc(memory, size);
}

/* Both processes in one: what the keeper has, what it shares, and the exporter. */
struct both {
	struct tally tally;
	struct names *names;
	struct shared keeper, exporter;
	struct buf text_file;
	struct web web; /* its snapshot is not used */
	int client;
};

static const struct snapshot *read_shared(void *context)
{
	return shared_read(&((struct both *)context)->exporter);
}

/* A pull: as many hosts as ever, whose counts have as many digits as ever. */
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
	snapshot = shared_begin(&both->keeper, snapshot_needed(&both->tally, both->names));
	assert_non_null(snapshot);
	snapshot_fill(snapshot, &both->tally, both->names, 1);
	shared_end(&both->keeper, 1);
	buf_reset(&both->text_file);
	metrics_render(snapshot, web_options(), METRICS_TEXT, &both->text_file);
	counting = false;
	assert_false(both->text_file.failed);
}

/* The client is not ours, so that only http_run() is counted. */
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
	if (!both->web.http || shared_create(&both->keeper) < 0 ||
		shared_open(&both->exporter, dup(both->keeper.fd)) < 0)
		return -1;
	both->client = web_connect(&both->web);
	return 0;
}

static int leave(void **state)
{
	struct both *both = *state;

	close(both->client);
	http_destroy(both->web.http);
	shared_close(&both->exporter);
	shared_close(&both->keeper);
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
	assert_true(calls > 0); /* the first ones do, or nothing would be counted here */
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
	};

	return cmocka_run_group_tests_name("allocations", tests, isolate, NULL);
}
