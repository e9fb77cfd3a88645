// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cost of a scrape over HTTP. The exporter runs in a process of its own, as the daemon starts
 * it. This program is its keeper, which shares snapshots of several sizes with it, a new one per
 * scrape or always the same, and its client. All of it runs on one core.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#include "config/config.h"
#include "daemon/exporter_child.h"
#include "daemon/privileges.h"
#include "daemon/snapshot_fill.h"
#include "model/snapshot_shared.h"
#include "serve/exporter.h"
#include "serve/listen.h"

#define ROUNDS	    21
#define RATE_HOSTS  256
#define RATE_MS	    2000.0
#define GOAL_RATE   ">= 1000"
#define GOAL_ROUNDS 5 /* the best one counts: other programs take their share of the CPU */

struct bench {
	struct loop loop;
	struct children children;
	struct exporter_child exporter;
	int error; /* of an answer to it */
	struct privileges who;
	struct snapshot_shared shared;
	struct tally tally;
	struct names *names;
	bool always; /* the exporter finds its snapshot too old at each scrape */
	int client;
	size_t bytes; /* of the last page */
};

/* So many hosts, each with one address. */
static int count(struct tally *tally, unsigned hosts)
{
	int error = 0;

	tally_begin(tally, 0);
	for (unsigned i = 0; i < hosts && !error; i++) {
		struct tally_row row = {.family = AF_INET,
			.addr = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i},
			.mac = {2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};

		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			row.counts.bytes[d] = 123456789012u * (1u + (unsigned)d) + i;
			row.counts.packets[d] = 123456789u + i;
		}
		error = tally_add(tally, &row);
	}
	tally_sort(tally);
	return error;
}

static int publish(struct bench *bench)
{
	struct snapshot *snapshot = snapshot_shared_begin(
		&bench->shared, snapshot_needed(&bench->tally, bench->names, NULL));

	if (!snapshot)
		return -ENOMEM;
	snapshot_fill(snapshot, &bench->tally, bench->names, 1700000000000u);
	snapshot_shared_end(&bench->shared, bench->always ? 0 : (uint64_t)now_ms());
	return 0;
}

/* Does what the keeper does when the exporter asks, but does not read the kernel's tables. */
static void refresh(void *context)
{
	struct bench *bench = context;

	bench->error = publish(bench);
}

/* The bytes of the answer whose beginning was received; 0: its header is not complete. */
static size_t whole(const char *text)
{
	const char *field = strcasestr(text, "\r\nContent-Length: "),
		   *body = strstr(text, "\r\n\r\n");

	if (!field || !body || strncmp(text, "HTTP/1.1 200 ", 13) != 0)
		return 0;
	return (size_t)(body + 4 - text) + strtoul(field + 18, NULL, 10);
}

/* One scrape over the open connection. */
static int scrape(struct bench *bench)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
	static char text[1 << 18];
	struct pollfd fds[] = {{bench->client, POLLIN, 0}, {loop_fd(&bench->loop), POLLIN, 0}};
	size_t got = 0, length = 0;

	if (send(bench->client, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		return -errno;
	while (!length || got < length) {
		ssize_t more;
		int error;

		if (poll(fds, 2, 10000) <= 0)
			return -ETIMEDOUT;
		if (fds[1].revents) {
			error = loop_round(&bench->loop, 0);
			if (!error)
				error = bench->error;
			if (error)
				return error;
		}
		if (!fds[0].revents)
			continue;
		more = recv(bench->client, text, sizeof(text) - 1, 0);
		if (more <= 0)
			return more < 0 ? -errno : -EPIPE;
		text[more] = '\0';
		if (got == 0)
			length = whole(text);
		got += (size_t)more;
	}
	bench->bytes = length;
	return 0;
}

static int measure(struct bench *bench, bool always, double *least, double *median)
{
	double ms[ROUNDS];
	int error;

	bench->always = always;
	error = publish(bench);
	for (int round = -1; round < ROUNDS && !error;
		round++) { /* the first one is not measured */
		double start = now_ms();

		error = scrape(bench);
		if (round >= 0)
			ms[round] = now_ms() - start;
	}
	if (error)
		return error;
	qsort(ms, ROUNDS, sizeof(*ms), compare);
	*least = ms[0];
	*median = ms[ROUNDS / 2];
	return 0;
}

/* The exporter's own memory in kilobytes: without the shared snapshot and the program. */
static long own_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "RssAnon: %ld", &kb);
	if (file)
		fclose(file);
	return kb;
}

static int start(struct bench *bench, char **argv, unsigned hosts)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_storage storage = {0};
	socklen_t length = sizeof(address);
	int error, socket_fd;

	*bench = (struct bench){.exporter = {.argv = argv,
					.sockets = &socket_fd,
					.sockets_count = 1,
					.privileges = &bench->who,
					.refresh = refresh,
					.context = bench},
		.names = names_create(),
		.client = -1};
	tally_init(&bench->tally);
	memcpy(bench->tally.nets[0].ifname, "lan0", 5);
	memcpy(&storage, &address, sizeof(address));
	error = bench->names ? snapshot_shared_create(&bench->shared) : -ENOMEM;
	if (!error)
		error = count(&bench->tally, hosts);
	if (!error)
		error = publish(bench);
	if (error)
		return error;
	socket_fd = listen_tcp(&storage, 0);
	if (socket_fd < 0)
		return socket_fd;
	getsockname(socket_fd, (struct sockaddr *)&address, &length);
	bench->exporter.shared = bench->shared.fd;
	bench->exporter.history = -1;
	privileges_find(&bench->who);
	error = loop_open(&bench->loop, UINT_MAX);
	bench->children.loop = &bench->loop;
	if (!error)
		error = exporter_child_start(&bench->exporter, &bench->children);
	close(socket_fd);
	if (error)
		return error;
	bench->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(bench->client, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

static void stop(struct bench *bench)
{
	if (bench->client >= 0)
		close(bench->client);
	child_stop(&bench->children, &bench->exporter.child);
	loop_close(&bench->loop);
	snapshot_shared_close(&bench->shared);
	tally_finish(&bench->tally);
	names_destroy(bench->names);
}

static int run_size(struct bench *bench, unsigned hosts)
{
	double least[2], median[2];
	int error = 0;

	for (int always = 0; always < 2 && !error; always++)
		error = measure(bench, always, &least[always], &median[always]);
	for (int always = 0; always < 2 && !error; always++)
		printf("scrape of %u hosts, %s\t%.3f\tms\t\tleast of %d, median %.3f\n", hosts,
			always ? "a new page" : "the same page", least[always], ROUNDS,
			median[always]);
	if (!error)
		printf("scrape of %u hosts, the exporter's own memory\t%ld\tkB\t\t"
		       "of a page of %zu bytes\n",
			hosts, own_kb(bench->exporter.child.pid), bench->bytes);
	return error;
}

/* The snapshot is at most a second old, as usual: most scrapes get a page that is rendered already.
 */
static int run_rate(struct bench *bench, unsigned hosts)
{
	double best = 0, cpu = 0;
	struct timespec used[2];
	clockid_t clock;

	if (clock_getcpuclockid(bench->exporter.child.pid, &clock))
		return -ESRCH;
	for (int round = 0; round < GOAL_ROUNDS; round++) {
		double start = now_ms(), end = start;
		unsigned scrapes = 0;

		clock_gettime(clock, &used[0]);
		for (; end - start < RATE_MS / GOAL_ROUNDS; scrapes++, end = now_ms()) {
			int error = scrape(bench);

			if (error)
				return error;
		}
		clock_gettime(clock, &used[1]);
		if (scrapes * 1e3 / (end - start) < best)
			continue;
		best = scrapes * 1e3 / (end - start);
		cpu = (double)(used[1].tv_sec - used[0].tv_sec) * 1e6 +
		      (double)(used[1].tv_nsec - used[0].tv_nsec) / 1e3;
		cpu /= scrapes;
	}
	printf("scrapes of %u hosts over one connection\t%.0f\ta second\t%s\t"
	       "best of %d times %.1f s; %.0f us of the exporter's each\n",
		hosts, best, GOAL_RATE, GOAL_ROUNDS, RATE_MS / GOAL_ROUNDS / 1e3, cpu);
	return 0;
}

static int run(char **argv, unsigned hosts, int (*what)(struct bench *, unsigned))
{
	struct bench bench;
	int error = start(&bench, argv, hosts);

	if (!error)
		error = what(&bench, hosts);
	stop(&bench);
	if (error)
		fprintf(stderr, "bench_scrape: %u hosts: %s\n", hosts, strerror(-error));
	return error;
}

int main(int argc, char **argv)
{
	static const struct config config = {
		.legacy_metrics = true, .native_metrics = true, .show_unknown = true};
	static const unsigned sizes[] = {100, 10000, 100000};
	cpu_set_t one;
	int error = 0;

	if (argc > 0 && strcmp(argv[0], EXPORTER_NAME) == 0)
		return exporter_run(&config);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes) && !error; i++)
		error = run(argv, sizes[i], run_size);
	if (!error)
		error = run(argv, RATE_HOSTS, run_rate);
	return error ? 1 : 0;
}
