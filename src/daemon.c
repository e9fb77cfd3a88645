// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "flowtables.h"
#include "following.h"
#include "keeper.h"
#include "log.h"
#include "metrics.h"
#include "netlink.h"
#include "notify.h"
#include "server.h"
#include "textfile.h"

#define FRESH_MS 1000 /* a scrape reads the kernel anew when the snapshot is older */

/* No descriptor makes the loop take the whole CPU, whatever is wrong with it. */
#define ROUNDS	 500 /* in BRAKE_MS; those that follow wait PAUSE_MS each */
#define BRAKE_MS 100
#define PAUSE_MS 10
#define LATE_MS	 1000 /* and two intervals: a pull that is so late is a sign that we hang */

struct daemon {
	const struct config *config;
	struct keeper keeper;
	struct following *following; /* names */
	struct server server;
	struct netlink *netlink;
	struct flowtables *flowtables; /* NULL: the kernel has none */
	bool offloaded;
	int epoll, timer, signals;
	int watchdog;	    /* a timer; -1: nobody watches */
	uint64_t pulled_ms; /* the last time that went well; monotonic */
	uint64_t window_ms; /* since when rounds are counted */
	unsigned rounds;
	struct log_limit busy;
	struct buf page;
	bool textfile_failing;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool capable(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	__u32 bpf;

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	bpf = data[CAP_BPF / 32].effective & CAP_TO_MASK(CAP_BPF);
	return (bpf || data[0].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) &&
	       data[0].effective & CAP_TO_MASK(CAP_NET_ADMIN);
}

/* What can be known to be wrong without touching anything. */
static int check(const struct config *config)
{
	int error;

	if (!capable()) {
		log_error("expected to be run as root (CAP_BPF and CAP_NET_ADMIN are needed)");
		return -EPERM;
	}
	if (!config->textfile)
		return 0;
	error = textfile_check(config->textfile);
	if (error)
		log_error("--textfile %s: %s", config->textfile, strerror(-error));
	return error;
}

static const struct snapshot *fresh_snapshot(void *context)
{
	struct daemon *daemon = context;
	const struct snapshot *snapshot = keeper_fresh(&daemon->keeper, FRESH_MS);

	server_follow(&daemon->server, snapshot);
	return snapshot;
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
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	daemon->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
	daemon->netlink = netlink_watch();
	daemon->flowtables = flowtables_watch();
	if (daemon->signals < 0 || daemon->epoll < 0 || !daemon->netlink)
		return -errno;
	error = watch(daemon, daemon->signals);
	error = error ? error : start_timers(daemon);
	error = error ? error : watch(daemon, netlink_fd(daemon->netlink));
	error = error ? error : watch(daemon, following_fd(daemon->following));
	if (!error && daemon->flowtables)
		error = watch(daemon, flowtables_fd(daemon->flowtables));
	if (!error)
		error = watch(daemon, http_fd(daemon->server.http));
	return error;
}

static void write_textfile(struct daemon *daemon)
{
	const char *path = daemon->config->textfile;
	int error;

	if (!path)
		return;
	buf_reset(&daemon->page);
	metrics_render(
		daemon->keeper.snapshot, &daemon->config->metrics, METRICS_TEXT, &daemon->page);
	error = daemon->page.failed ? -ENOMEM
				    : textfile_write(path, daemon->page.data, daemon->page.length);
	if (error && !daemon->textfile_failing)
		log_error("--textfile %s: %s", path, strerror(-error));
	daemon->textfile_failing = error != 0;
}

static void pull(struct daemon *daemon)
{
	if (keeper_pull(&daemon->keeper) < 0)
		return;
	daemon->pulled_ms = now_ms();
	server_follow(&daemon->server, daemon->keeper.snapshot);
	write_textfile(daemon);
	following_poll(daemon->following);
}

/* Loud, as figures that are too low look like any others. */
static void look_at_flowtables(struct daemon *daemon)
{
	char name[128];
	bool offloaded = daemon->flowtables && flowtables_offloaded(daemon->flowtables, name);

	if (offloaded && !daemon->offloaded)
		log_warn("COUNTS ARE TOO LOW: flowtable %s hands flows to the hardware, where "
			 "nothing can count them; take 'flags offload' out of it (OpenWrt: option "
			 "flow_offloading_hw '0')",
			name);
	if (!offloaded && daemon->offloaded)
		log_info("no flowtable hands flows to the hardware any more");
	daemon->offloaded = offloaded;
	keeper_set_incomplete(&daemon->keeper, SNAPSHOT_HARDWARE_OFFLOAD, offloaded);
}

/* Only while counters are read in time: else the service manager is to start us anew. */
static void tell_watchdog(const struct daemon *daemon)
{
	uint64_t late = daemon->pulled_ms + 2000ULL * daemon->config->interval + LATE_MS;

	if (now_ms() <= late)
		notify_watchdog(daemon->config);
}

static void brake(struct daemon *daemon)
{
	uint64_t now = now_ms();

	if (now >= daemon->window_ms + BRAKE_MS) {
		daemon->window_ms = now;
		daemon->rounds = 0;
	}
	if (++daemon->rounds <= ROUNDS)
		return;
	if (log_due(&daemon->busy))
		log_warn("more than %d events in %d ms: slowing down", ROUNDS, BRAKE_MS);
	usleep(PAUSE_MS * 1000);
}

/* Returns 0 when a signal ends it, or -errno. */
static int loop(struct daemon *daemon)
{
	struct epoll_event event;
	uint64_t expirations;
	int fd;

	for (;; brake(daemon)) {
		int ready = epoll_wait(daemon->epoll, &event, 1, http_timeout(daemon->server.http));

		if (ready < 0 && errno != EINTR) {
			int error = -errno;

			log_error("epoll_wait: %s", strerror(-error));
			return error;
		}
		fd = ready > 0 ? event.data.fd : -1; /* of none: a timeout of HTTP's */
		if (fd == daemon->signals) {
			return 0;
		} else if (fd == daemon->timer) {
			if (read(daemon->timer, &expirations, sizeof(expirations)) > 0)
				pull(daemon);
		} else if (fd == daemon->watchdog && fd >= 0) {
			if (read(fd, &expirations, sizeof(expirations)) > 0)
				tell_watchdog(daemon);
		} else if (fd == netlink_fd(daemon->netlink)) {
			netlink_drain(daemon->netlink);
			keeper_reconcile(&daemon->keeper);
		} else if (fd == following_fd(daemon->following)) {
			if (following_run(daemon->following))
				pull(daemon);
		} else if (daemon->flowtables && fd == flowtables_fd(daemon->flowtables)) {
			look_at_flowtables(daemon);
		} else {
			http_run(daemon->server.http);
		}
	}
}

static int start(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	int error = check(config);

	if (!error)
		error = server_open(&daemon->server, config);
	if (error)
		return error;
	daemon->following = following_start(config);
	error = daemon->following ? 0 : -errno;
	if (!error)
		error = server_start(&daemon->server, fresh_snapshot, daemon);
	if (!error)
		error = start_loop(daemon);
	if (error) {
		log_error("cannot start: %s", strerror(-error));
		return error;
	}
	look_at_flowtables(daemon);
	return keeper_start(&daemon->keeper, config, following_names(daemon->following));
}

static void stop(struct daemon *daemon)
{
	server_close(&daemon->server);
	netlink_close(daemon->netlink);
	flowtables_close(daemon->flowtables);
	following_stop(daemon->following);
	buf_free(&daemon->page);
}

int daemon_run(const struct config *config)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int status = 1;

	if (!daemon)
		return 1;
	daemon->config = config;
	if (config->syslog)
		log_to_syslog();
	if (start(daemon) == 0) {
		daemon->pulled_ms = now_ms();
		server_follow(&daemon->server, daemon->keeper.snapshot);
		write_textfile(daemon);
		for (size_t i = 0; i < config->interfaces; i++)
			if (daemon->keeper.links[i].present)
				log_info("counting on %s (%s)", config->ifnames[i],
					daemon->keeper.links[i].kind == SNAPSHOT_TCX ? "tcx"
										     : "clsact");
		if (config->exporter)
			log_info("serving http://localhost:%u/metrics", config->port);
		notify_ready(config);
		status = loop(daemon) < 0;
		notify_stopping(config);
		pull(daemon);
		keeper_stop(&daemon->keeper);
	}
	stop(daemon);
	free(daemon);
	return status;
}
