// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/exporter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/parent.h"
#include "model/process_usage.h"
#include "model/snapshot_shared.h"
#include "serve/allowed.h"
#include "serve/http.h"
#include "serve/listen.h"
#include "serve/sandbox.h"

#define REST_MS	    1000 /* idle for so long, pages are freed: a later scrape needs new ones anyway */
#define ROUNDS	    20000 /* in 100 ms: more events than clients can cause */
#define PATIENCE_MS 500	  /* how long a scrape waits for the answer of the keeper */
#define RESPITE_MS  5000  /* how long a keeper that did not answer is not asked again */

struct exporter {
	const struct config *config;
	struct snapshot_shared shared;
	struct http *http;
	struct allowed allowed;
	int sockets; /* how many, from EXPORTER_SOCKETS on */
	struct process_usage process;
	struct snapshot_process uses; /* of this process, as of the latest snapshot */
	uint64_t followed;	      /* the number of that snapshot */
	uint64_t ask_ms;	      /* the keeper is not asked before; monotonic */
	struct loop loop;
	struct loop_source channel, requests, history, listening[CONFIG_SOCKETS];
	struct loop_timer timer;
	bool rest_planned; /* the timer is for a rest, not for a client's deadline */
	bool resting;	   /* no event since the memory of idle pages was freed */
};

static const struct snapshot *latest(struct exporter *exporter)
{
	const struct snapshot *snapshot = snapshot_shared_read(&exporter->shared);

	if (snapshot && snapshot->number != exporter->followed) {
		exporter->followed = snapshot->number;
		process_usage_read(&exporter->process, &exporter->uses);
		allowed_follow(&exporter->allowed, snapshot);
		http_allow(exporter->http, exporter->allowed.prefix, exporter->allowed.count,
			exporter->allowed.favoured_count);
	}
	return snapshot;
}

/* Asks for a fresh snapshot, and waits for it. The channel may be full where the keeper hangs. */
static void ask(struct exporter *exporter)
{
	struct pollfd channel = {.fd = PARENT_CHANNEL, .events = POLLIN};
	uint64_t then = now_ms() + PATIENCE_MS, now;
	char byte;

	while (parent_receive(&byte))
		; /* late answers; what asks for a sign of life gets the question as one */
	parent_send(EXPORTER_ASKS);
	while ((now = now_ms()) < then && poll(&channel, 1, (int)(then - now)) > 0)
		if (parent_receive(&byte) && byte == EXPORTER_READY)
			return;
	exporter->ask_ms = now_ms() + RESPITE_MS;
}

/* The latest snapshot, not older than a second unless the keeper does not answer. */
static const struct snapshot *fresh(void *context)
{
	struct exporter *exporter = context;
	uint64_t now = now_ms();

	if (snapshot_shared_age_ms(&exporter->shared, now) >= EXPORTER_FRESH_MS &&
		now >= exporter->ask_ms)
		ask(exporter);
	return latest(exporter);
}

/* To be called after every event: the rest begins after a while without any. */
static void plan(struct exporter *exporter)
{
	int wait = http_timeout(exporter->http);

	exporter->rest_planned = !exporter->resting && (wait < 0 || wait > REST_MS);
	if (exporter->rest_planned)
		wait = REST_MS;
	if (wait < 0)
		loop_stop_timer(&exporter->loop, &exporter->timer);
	else
		loop_start_timer(&exporter->loop, &exporter->timer, (uint64_t)wait, 0);
}

static void serve(void *context)
{
	struct exporter *exporter = context;

	exporter->resting = false;
	latest(exporter); /* the addresses that may connect may have changed */
	http_run(exporter->http);
	plan(exporter);
}

static void serve_or_rest(void *context)
{
	struct exporter *exporter = context;

	if (!exporter->rest_planned) {
		serve(exporter);
		return;
	}
	exporter->resting = http_free_unused(exporter->http);
	snapshot_shared_forget(&exporter->shared);
	plan(exporter);
}

/* A report is no event for the pages: it delays no rest. No descriptor shows that clients resume.
 */
static void read_history(void *context)
{
	struct exporter *exporter = context;

	http_read_history(exporter->http);
	if (http_history_fd(exporter->http) < 0)
		loop_remove(&exporter->loop, &exporter->history);
	if (http_timeout(exporter->http) == 0)
		serve(exporter);
}

static void answer_keeper(void *context)
{
	char byte;

	if (parent_receive(&byte) && byte == PARENT_LIVES)
		parent_send(PARENT_LIVES);
	plan(context);
}

/* Ends this process where that fails: the next one serves without the socket. */
static void listen_again(void *context)
{
	const struct loop_source *listening = context;

	if (!listen_is_alive(listening->fd))
		_exit(1);
	log_warn("a listening socket was closed from outside: it listens again");
}

static int add_sources(struct exporter *exporter, const int *sockets, size_t count)
{
	int error;

	exporter->timer = (struct loop_timer){.handle = serve_or_rest, .context = exporter};
	exporter->channel = (struct loop_source){
		.fd = PARENT_CHANNEL, .handle = answer_keeper, .context = exporter};
	exporter->requests = (struct loop_source){
		.fd = http_fd(exporter->http), .handle = serve, .context = exporter};
	exporter->history = (struct loop_source){
		.fd = http_history_fd(exporter->http), .handle = read_history, .context = exporter};
	error = loop_add(&exporter->loop, &exporter->channel);
	if (!error && exporter->history.fd >= 0)
		error = loop_add(&exporter->loop, &exporter->history);
	if (!error)
		error = loop_add(&exporter->loop, &exporter->requests);
	for (size_t i = 0; i < count && !error; i++) {
		struct loop_source *listening = &exporter->listening[i];

		*listening = (struct loop_source){.fd = sockets[i],
			.handle = listen_again,
			.context = listening,
			.only_hangup = true};
		error = loop_add(&exporter->loop, listening);
	}
	return error;
}

static int start(struct exporter *exporter)
{
	struct http_config config = {.metrics = {.legacy = exporter->config->legacy_metrics,
					     .native = exporter->config->native_metrics,
					     .show_unknown = exporter->config->show_unknown,
					     .process = &exporter->uses},
		.history = EXPORTER_HISTORY,
		.interval = exporter->config->interval,
		.month_start = exporter->config->month_start,
		.snapshot = fresh,
		.context = exporter,
		.host_names = exporter->config->host_names,
		.host_names_count = exporter->config->host_names_count};
	int sockets[CONFIG_SOCKETS],
		error = snapshot_shared_open(&exporter->shared, EXPORTER_SHARED);
	size_t count = 0;

	process_usage_init(&exporter->process);
	if (!error)
		error = parent_follow_to_the_end();
	if (!error)
		error = allowed_init(&exporter->allowed, exporter->config);
	if (error)
		return error;
	for (int fd = EXPORTER_SOCKETS; fd < EXPORTER_SOCKETS + exporter->sockets; fd++)
		if (listen_is_alive(fd))
			sockets[count++] = fd;
		else
			log_error(
				"a listening socket was closed from outside: it serves no client");
	exporter->http = http_create(&config, sockets, count);
	if (!exporter->http)
		return -ENOMEM;
	if (http_history_fd(exporter->http) < 0)
		close(EXPORTER_HISTORY); /* no history is kept */
	http_allow(exporter->http, exporter->allowed.prefix, exporter->allowed.count,
		exporter->allowed.favoured_count);
	error = loop_open(&exporter->loop, ROUNDS);
	if (!error)
		error = add_sources(exporter, sockets, count);
	if (!error)
		plan(exporter);
	return error;
}

/* The listening sockets that this process was executed with. */
static int count_sockets(void)
{
	int count = 0;

	while (count < CONFIG_SOCKETS && fcntl(EXPORTER_SOCKETS + count, F_SETFD, FD_CLOEXEC) == 0)
		count++;
	return count;
}

int exporter_run(const struct config *config)
{
	struct exporter exporter = {.config = config, .shared.fd = -1};
	const char *missing;
	int error;

	prctl(PR_SET_NAME, EXPORTER_NAME);
	exporter.sockets = count_sockets(); /* before anything else opens a descriptor */
	if (config->syslog)
		log_to_syslog();
	tzset(); /* for times in syslog: the sandbox cannot read the file */
	error = start(&exporter);
	if (!error)
		error = sandbox_enter_to_serve(EXPORTER_SOCKETS + exporter.sockets, &missing);
	if (error) {
		log_error("the exporter cannot start: %s", strerror(-error));
		_exit(1);
	}
	if (missing)
		log_warn("this kernel has no %s: the exporter runs without", missing);
	loop_run(&exporter.loop);
	_exit(1);
}
