// SPDX-License-Identifier: GPL-2.0-or-later
/* The server on a Unix socket, its status page, and what it does when descriptors run out. */
#include "web.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "output/json_status.h"

static bool isolated;
static char directory[] = "/tmp/mz-unix-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int isolate(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", directory);
	return web_isolate(&isolated);
}

static int tidy_up(void **state)
{
	(void)state;
	return rmdir(directory);
}

static struct listen_file file;

/* Serves on TCP and on the Unix socket. */
static void start_both(struct web *web, uint32_t rows)
{
	struct http_config config = {
		.metrics = *web_options(), .snapshot = web_current, .context = web};
	int sockets[] = {web_listen("127.0.0.1", 0), listen_unix(address.sun_path, &file)};

	assert_true(sockets[1] >= 0);
	*web = (struct web){.snapshot = web_snapshot(rows, 1), .port = web_port(sockets[0])};
	web->http = http_create(&config, sockets, 2);
	assert_non_null(web->http);
}

static void stop_both(struct web *web)
{
	web_stop(web);
	listen_remove(&file);
}

static int connect_unix(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void both_sockets_serve_the_same(void **state)
{
	struct web web;
	char *answer;
	int fd;

	(void)state;
	start_both(&web, 3);
	fd = connect_unix();
	answer = web_ask(&web, fd, WEB_GET("/metrics"));
	web_expect_page(answer, 3, 1, METRICS_TEXT);
	free(answer);
	answer = web_ask(&web, fd, WEB_GET("/-/healthy"));
	assert_string_equal(web_body(answer), "ok\n");
	free(answer);
	close(fd);
	web_scrape(&web, 3, 1);
	web_expect_calm(&web);
	stop_both(&web);
}

static void expect_status(struct web *web, int fd)
{
	char *answer = web_ask(web, fd, WEB_GET("/api/v1/status"));
	struct buf json = {0};

	json_status(web->snapshot, NULL, &json);
	buf_bytes(&json, "", 1);
	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(answer, "\r\nVary: Accept-Encoding\r\n"));
	assert_null(strstr(answer, "\r\nContent-Encoding: "));
	assert_string_equal(web_body(answer), json.data);
	free(answer);
	buf_free(&json);
}

static void the_status_is_that_of_the_latest_snapshot(void **state)
{
	struct web web;
	int unix_fd, tcp;

	(void)state;
	start_both(&web, 3);
	unix_fd = connect_unix();
	tcp = web_connect(&web);
	for (uint64_t number = 1; number < 10; number++) {
		web_publish(&web, 1, number);
		expect_status(&web, unix_fd);
		web_scrape(&web, 1, number);
		expect_status(&web, tcp);
	}
	close(unix_fd);
	close(tcp);
	stop_both(&web);
}

static void it_is_only_for_reading(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH", "get"};
	struct web web;
	char *answer;
	int fd;

	(void)state;
	start_both(&web, 0);
	fd = connect_unix();
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		answer = web_ask_path(&web, fd, methods[i], "/api/v1/status");
		assert_int_equal(strncmp(answer, "HTTP/1.1 405 ", 13), 0);
		assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD\r\n"));
		free(answer);
	}
	answer = web_ask_path(&web, fd, "HEAD", "/api/v1/status");
	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	assert_string_equal(web_body(answer), "");
	free(answer);
	close(fd);
	stop_both(&web);
}

static void a_list_of_who_may_connect_can_change(void **state)
{
	const struct prefix allow = {AF_INET, 30, {192, 0, 2, 0}};
	struct web web;

	(void)state;
	if (!isolated) {
		print_message("skipped: needs a network namespace of its own (root)\n");
		skip();
	}
	start_both(&web, 0);
	for (int round = 0; round < 4; round++) {
		http_allow(web.http, round % 2 ? &allow : NULL, round % 2, 0);
		if (round % 2)
			assert_true(web_admits(&web, "192.0.2.1", "127.0.0.1"));
		else
			assert_true(web_shuts_out(&web, "192.0.2.1", "127.0.0.1"));
	}
	stop_both(&web);
}

/* Takes all descriptors but this many below a limit, which it sets. Returns how many it took. */
static size_t take_descriptors(size_t left, int taken[256])
{
	const struct rlimit limit = {64, 1024};
	size_t count = 0;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (count < 256 && (taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		count++;
	assert_true(count > left);
	while (left--)
		close(taken[--count]);
	return count;
}

static void give_back(const int *taken, size_t count)
{
	const struct rlimit limit = {1024, 1024};

	while (count)
		close(taken[--count]);
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* left: free descriptors when clients connect. */
static void turn_away(size_t left)
{
	int taken[256], fd[8];
	struct web web;
	size_t count;

	start_both(&web, 0);
	web_scrape(&web, 0, 1);
	web_settle(&web);
	for (size_t i = 0; i < 8; i++)
		fd[i] = i % 2 ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)
			      : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	count = take_descriptors(left, taken);
	for (size_t i = 0; i < 8; i++) {
		struct sockaddr_in v4 = {.sin_family = AF_INET,
			.sin_port = htons((uint16_t)web.port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

		assert_int_equal(
			i % 2 ? connect(fd[i], (struct sockaddr *)&address, sizeof(address))
			      : connect(fd[i], (struct sockaddr *)&v4, sizeof(v4)),
			0);
	}
	web_expect_calm(&web);
	for (size_t i = 0; i < 8 && !left; i++)
		assert_true(web_refuses(&web, fd[i]));
	give_back(taken, count);
	for (size_t i = 0; i < 8; i++)
		close(fd[i]);
	web_settle(&web);
	web_scrape(&web, 0, 1); /* later clients are served */
	stop_both(&web);
}

static void without_descriptors_clients_are_turned_away_calmly(void **state)
{
	(void)state;
	for (size_t left = 0; left < 6; left++)
		turn_away(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sockets_serve_the_same),
		cmocka_unit_test(the_status_is_that_of_the_latest_snapshot),
		cmocka_unit_test(it_is_only_for_reading),
		cmocka_unit_test(a_list_of_who_may_connect_can_change),
		cmocka_unit_test(without_descriptors_clients_are_turned_away_calmly),
	};

	return cmocka_run_group_tests_name("http_unix", tests, isolate, tidy_up);
}
