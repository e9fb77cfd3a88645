// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "names/watch.h"

/*
 * Who writes a file in place, as dnsmasq does, is given the time to finish. And no client that asks
 * for lease after lease makes us read more than twice a second.
 */
#define WAIT_MS	 100
#define PAUSE_MS 500

struct follow {
	struct names *names;
	struct watch *watch; /* NULL: there is no inotify */
	int epoll, timer;
	uint32_t paths;	  /* which ones are watched: names_paths_version() */
	bool due;	  /* the timer runs */
	uint64_t read_ms; /* when they were read last; monotonic */
};

static int follow_all(struct names *names, const struct config *config)
{
	_Static_assert(CONFIG_PATHS <= NAMES_FILES, "all files of a source are followed");
	const struct config_paths uci = {.path = {config->dhcp_config}, .count = 1};
	const struct config_paths *paths[NAMES_SOURCES] = {[NAMES_UCI] = &uci,
		[NAMES_LEASES] = &config->leases,
		[NAMES_ETHERS] = &config->ethers,
		[NAMES_HOSTS] = &config->hosts};
	int error = 0;

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		for (size_t k = 0; k < paths[i]->count && !error; k++)
			error = names_follow(names, (enum names_source)i, paths[i]->path[k]);
	if (!config->leases.given)
		names_follow_leasefiles(names);
	return error;
}

static int add_to_epoll(const struct follow *follow, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(follow->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Without inotify, polling has to do. */
static int watch_all(struct follow *follow)
{
	const char *path;
	int error = 0;

	follow->paths = names_paths_version(follow->names);
	follow->watch = watch_create();
	if (!follow->watch) {
		log_warn("names are looked at with each reading only: no inotify: %s",
			strerror(errno));
		return 0;
	}
	for (size_t i = 0; (path = names_path(follow->names, i)) && !error; i++)
		error = watch_add(follow->watch, path);
	if (error)
		return error;
	watch_renew(follow->watch);
	return add_to_epoll(follow, watch_fd(follow->watch));
}

static int start(struct follow *follow, const struct config *config)
{
	int error;

	follow->names = names_create();
	follow->epoll = epoll_create1(EPOLL_CLOEXEC);
	follow->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!follow->names)
		return -ENOMEM;
	if (follow->epoll < 0 || follow->timer < 0)
		return -errno;
	error = follow_all(follow->names, config);
	if (!error)
		error = add_to_epoll(follow, follow->timer);
	return error ? error : watch_all(follow);
}

struct follow *follow_start(const struct config *config)
{
	struct follow *follow = calloc(1, sizeof(*follow));
	int error = follow ? start(follow, config) : -ENOMEM;

	if (!error)
		return follow;
	follow_stop(follow);
	errno = -error;
	return NULL;
}

void follow_stop(struct follow *follow)
{
	if (!follow)
		return;
	watch_destroy(follow->watch);
	names_destroy(follow->names);
	if (follow->epoll >= 0)
		close(follow->epoll);
	if (follow->timer >= 0)
		close(follow->timer);
	free(follow);
}

struct names *follow_names(struct follow *follow)
{
	return follow->names;
}

int follow_fd(const struct follow *follow)
{
	return follow->epoll;
}

static void set_due(struct follow *follow)
{
	uint64_t now = now_ms(), then = now + WAIT_MS;
	struct itimerspec once = {0};

	if (follow->due)
		return;
	if (follow->read_ms && then < follow->read_ms + PAUSE_MS)
		then = follow->read_ms + PAUSE_MS;
	once.it_value.tv_sec = (time_t)((then - now) / 1000);
	once.it_value.tv_nsec = (long)((then - now) % 1000 * 1000000);
	follow->due = timerfd_settime(follow->timer, 0, &once, NULL) == 0;
}

bool follow_read(struct follow *follow)
{
	bool changed = names_refresh(follow->names);

	follow->read_ms = now_ms();
	if (follow->paths != names_paths_version(follow->names)) {
		watch_destroy(follow->watch);
		if (watch_all(follow) < 0)
			log_warn(
				"names are looked at with each reading only: %s", strerror(ENOMEM));
		set_due(follow); /* for what changed before it was watched */
	}
	return changed;
}

bool follow_run(struct follow *follow)
{
	uint64_t expirations;

	if (follow->watch && watch_read(follow->watch))
		set_due(follow);
	if (read(follow->timer, &expirations, sizeof(expirations)) <= 0)
		return false;
	follow->due = false;
	/* Before the files are read: what changes later than that is an event again. */
	if (follow->watch)
		watch_renew(follow->watch);
	return follow_read(follow);
}

void follow_poll(struct follow *follow)
{
	if (names_stale(follow->names))
		set_due(follow);
}
