// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/open_files.h"
#include "base/throttle.h"
#include "base/trust.h"
#include "daemon/exporter_process.h"
#include "daemon/keeper.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "model/snapshot_shared.h"
#include "names/follow.h"
#include "net/changes.h"
#include "net/flowtables.h"
#include "output/metrics.h"
#include "output/textfile.h"
#include "serve/exporter.h"
#include "serve/sockets.h"

#define ROUNDS	500  /* in 100 ms: more events than there are */
#define LATE_MS 1000 /* and two intervals: a pull that is so late is a sign that we hang */

struct daemon {
	const struct config *config;
	struct keeper keeper;
	struct follow *follow; /* names */
	struct sockets server;
	struct snapshot_shared shared; /* the snapshot, for the exporter */
	struct privileges privileges;
	struct exporter_process exporter;
	struct changes *changes;
	struct flowtables *flowtables; /* NULL: the kernel has none */
	uint32_t counted; /* a bit for each interface that is, as the service manager knows */
	int epoll, timer, signals;
	int watchdog;	    /* a timer; -1: nobody watches */
	uint64_t pulled_ms; /* the last time that went well; monotonic */
	struct throttle throttle;
	struct textfile textfile;
	bool textfile_failing;
};

/* What can be known to be wrong without touching anything. */
static int check(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	const char *missing = privileges_missing();
	int error;

	if (missing)
		log_error("expected to be run as root (%s are needed)", missing);
	error = missing ? -EPERM : open_files_check();
	if (error || !config->textfile)
		return error;
	error = textfile_check(config->textfile);
	if (error && !trust_path(config->textfile, false)) {
		log_warn("--textfile %s: something of another user's is in the way: there is no "
			 "text file until it goes",
			config->textfile);
		daemon->textfile_failing = true;
		return 0;
	}
	if (error)
		log_error("--textfile %s: %s", config->textfile, strerror(-error));
	return error;
}

static int watch(struct daemon *daemon, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* A timer that the loop watches, or -errno. */
static int start_timer(struct daemon *daemon, uint64_t ms)
{
	struct timespec interval = {(time_t)(ms / 1000), (long)(ms % 1000 * 1000000)};
	struct itimerspec every = {interval, interval};
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), error;

	if (timer < 0 || timerfd_settime(timer, 0, &every, NULL) < 0)
		return -errno;
	error = watch(daemon, timer);
	return error ? error : timer;
}

static int start_timers(struct daemon *daemon)
{
	const struct config *config = daemon->config;

	daemon->timer = start_timer(daemon, (uint64_t)config->interval * 1000);
	daemon->watchdog = -1;
	if (daemon->timer >= 0 && config->notify_socket && config->watchdog_ms > 1) {
		daemon->watchdog = start_timer(daemon, config->watchdog_ms / 2);
		return daemon->watchdog < 0 ? daemon->watchdog : 0;
	}
	return daemon->timer < 0 ? daemon->timer : 0;
}

static int start_loop(struct daemon *daemon)
{
	int error = 0;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* who ignores that, and starts us so, would keep it from us */
	daemon->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
	daemon->changes = changes_watch();
	daemon->flowtables = flowtables_watch();
	if (daemon->signals < 0 || daemon->epoll < 0 || !daemon->changes)
		return -errno;
	error = watch(daemon, daemon->signals);
	error = error ? error : start_timers(daemon);
	error = error ? error : watch(daemon, changes_fd(daemon->changes));
	error = error ? error : watch(daemon, follow_fd(daemon->follow));
	if (!error && daemon->flowtables)
		error = watch(daemon, flowtables_fd(daemon->flowtables));
	return error;
}

static void write_textfile(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	const struct metrics_options options = {
		config->legacy_metrics, config->native_metrics, config->show_unknown, NULL, NULL};
	struct textfile *file = &daemon->textfile;
	int error;

	if (!config->textfile)
		return;
	error = textfile_begin(file, config->textfile);
	if (!error) {
		metrics_render(daemon->keeper.snapshot, &options, METRICS_TEXT, &file->page);
		error = textfile_end(file);
	}
	if (error && !daemon->textfile_failing)
		log_error("--textfile %s: %s", config->textfile, strerror(-error));
	daemon->textfile_failing = error != 0;
}

static void pull(struct daemon *daemon)
{
	if (keeper_pull(&daemon->keeper) < 0)
		return;
	daemon->pulled_ms = now_ms();
	write_textfile(daemon);
	follow_poll(daemon->follow);
}

static void look_at_flowtables(struct daemon *daemon)
{
	char name[128];
	bool offloaded = daemon->flowtables && flowtables_offloaded(daemon->flowtables, name);

	keeper_set_offloaded(&daemon->keeper, offloaded ? name : NULL);
}

static void tell_counted(struct daemon *daemon, bool is_ready)
{
	uint32_t counted = installed_counted(&daemon->keeper.installed);

	if (is_ready || counted != daemon->counted)
		notify_counting(daemon->config, counted, is_ready);
	daemon->counted = counted;
}

/* Only while counters are read in time: else the service manager is to start us anew. */
static void tell_watchdog(const struct daemon *daemon)
{
	uint64_t late = daemon->pulled_ms + 2000ULL * daemon->config->interval + LATE_MS;

	if (now_ms() <= late)
		notify_watchdog(daemon->config);
}

static void answer_exporter(struct daemon *daemon)
{
	int asks = exporter_process_asks(&daemon->exporter);

	if (asks < 0) /* it ended, as a signal will tell: until then this would go on */
		epoll_ctl(daemon->epoll, EPOLL_CTL_DEL, daemon->exporter.channel, NULL);
	if (asks <= 0)
		return;
	keeper_fresh(&daemon->keeper, EXPORTER_FRESH_MS);
	exporter_process_answer(&daemon->exporter);
}

/* Whether it is one that ends us. */
static bool take_signal(struct daemon *daemon)
{
	struct signalfd_siginfo signal;

	if (read(daemon->signals, &signal, sizeof(signal)) != sizeof(signal))
		return false;
	if (signal.ssi_signo != SIGCHLD)
		return true;
	exporter_process_reap(&daemon->exporter);
	return false;
}

/* Returns 0 when a signal ends it, or -errno. */
static int loop(struct daemon *daemon)
{
	struct epoll_event event;
	uint64_t expirations;
	int fd;

	for (;; throttle(&daemon->throttle, ROUNDS)) {
		int ready = epoll_wait(
			daemon->epoll, &event, 1, exporter_process_timeout(&daemon->exporter));

		if (ready < 0 && errno != EINTR) {
			int error = -errno;

			log_error("epoll_wait: %s", strerror(-error));
			return error;
		}
		if (exporter_process_run(&daemon->exporter)) {
			daemon->keeper.exporter_restarts++;
			watch(daemon, daemon->exporter.channel);
		}
		if (ready <= 0)
			continue;
		fd = event.data.fd;
		if (fd == daemon->signals) {
			if (take_signal(daemon))
				return 0;
		} else if (fd == daemon->timer) {
			if (read(daemon->timer, &expirations, sizeof(expirations)) > 0)
				pull(daemon);
			tell_counted(daemon, false);
		} else if (fd == daemon->watchdog) {
			if (read(fd, &expirations, sizeof(expirations)) > 0)
				tell_watchdog(daemon);
		} else if (fd == changes_fd(daemon->changes)) {
			if (changes_drain(daemon->changes, installed_follows,
				    &daemon->keeper.installed)) {
				keeper_reconcile(&daemon->keeper);
				tell_counted(daemon, false);
			}
		} else if (fd == follow_fd(daemon->follow)) {
			if (follow_run(daemon->follow))
				pull(daemon);
		} else if (daemon->flowtables && fd == flowtables_fd(daemon->flowtables)) {
			look_at_flowtables(daemon);
		} else {
			answer_exporter(daemon);
		}
	}
}

static int start(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	int error = check(daemon);

	if (!error)
		error = sockets_open(&daemon->server, config, SOCKETS_PATIENCE_MS);
	if (error)
		return error;
	daemon->follow = follow_start(config);
	error = daemon->follow ? 0 : -errno;
	if (!error && (error = snapshot_shared_create(&daemon->shared)) < 0) {
		log_error("cannot start: no memory to share: %s", strerror(-error));
		return error;
	}
	if (!error)
		error = start_loop(daemon);
	if (error) {
		log_error("cannot start: %s", strerror(-error));
		return error;
	}
	look_at_flowtables(daemon);
	return keeper_start(&daemon->keeper, config, follow_names(daemon->follow), &daemon->shared);
}

/* Once all is open that takes more rights than counting does. */
static int drop_privileges(struct daemon *daemon)
{
	const struct privileges *who = &daemon->privileges;
	const char *textfile = daemon->config->textfile;
	bool may_write;
	int error;

	privileges_find(&daemon->privileges);
	error = pins_give(&daemon->keeper.pins, who->keeper_uid, who->keeper_gid);
	listen_give(&daemon->server.file, who->keeper_gid);
	if (textfile)
		textfile_give(textfile, who->keeper_uid, who->keeper_gid);
	if (!error)
		error = privileges_drop(who);
	may_write = !textfile || textfile_check(textfile) != -EACCES;
	if (!error)
		error = privileges_write_anywhere(!may_write);
	if (error)
		log_error("cannot give up rights: %s", strerror(-error));
	else if (!may_write)
		log_warn("--textfile %s: its directory is another user's: keeping "
			 "CAP_DAC_OVERRIDE, which chown to the daemon's user would spare",
			textfile);
	return error;
}

/* What strangers wrote is read from here on: the names that hosts chose, then requests. */
static int begin(struct daemon *daemon)
{
	int error;

	daemon->exporter.argv = daemon->config->argv;
	daemon->exporter.sockets = daemon->server.socket;
	daemon->exporter.count = daemon->server.socket_count;
	daemon->exporter.shared = daemon->shared.fd;
	daemon->exporter.who = &daemon->privileges;
	follow_read(daemon->follow);
	pull(daemon);
	error = exporter_process_start(&daemon->exporter);
	if (!error)
		error = watch(daemon, daemon->exporter.channel);
	if (error)
		log_error("cannot start the exporter: %s", strerror(-error));
	return error;
}

static void tell_start(struct daemon *daemon)
{
	const struct config *config = daemon->config;

	for (size_t i = 0; i < config->interfaces; i++)
		if (daemon->keeper.installed.links[i].present)
			log_info("counting on %s (%s)", config->ifnames[i],
				daemon->keeper.installed.links[i].kind == SNAPSHOT_TCX ? "tcx"
										       : "clsact");
	if (config->serve_tcp && !config->listen_count)
		log_info("serving http://localhost:%u/metrics", config->port);
	for (size_t i = 0; config->serve_tcp && i < config->listen_count; i++)
		log_info(strchr(config->listen_text[i], ':') ? "serving http://[%s]:%u/metrics"
							     : "serving http://%s:%u/metrics",
			config->listen_text[i], config->port);
	tell_counted(daemon, true);
}

static void stop(struct daemon *daemon)
{
	exporter_process_stop(&daemon->exporter);
	privileges_forget_exporter();
	sockets_close(&daemon->server);
	snapshot_shared_close(&daemon->shared);
	changes_close(daemon->changes);
	flowtables_close(daemon->flowtables);
	follow_stop(daemon->follow);
	buf_free(&daemon->textfile.page);
}

int daemon_run(const struct config *config)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int status = 1;

	if (!daemon)
		return 1;
	daemon->config = config;
	daemon->shared.fd = -1;
	if (config->syslog)
		log_to_syslog();
	if (start(daemon) == 0) {
		if (drop_privileges(daemon) == 0 && begin(daemon) == 0) {
			tell_start(daemon);
			status = loop(daemon) < 0;
			notify_stopping(config);
			pull(daemon);
			if (installed_counted(&daemon->keeper.installed))
				log_info("the kernel goes on counting: mezoura unload --pin %s "
					 "ends that",
					config->pin);
		}
		keeper_stop(&daemon->keeper);
	}
	stop(daemon);
	free(daemon);
	return status;
}
