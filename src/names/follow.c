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
#include "names/inotify.h"

/*
 * Who writes a file in place, as dnsmasq does, is given the time to finish. And no client that asks
 * for lease after lease makes us read more than twice a second.
 */
#define WAIT_MS	 100
#define PAUSE_MS 500

struct following {
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

static int add_to_epoll(const struct following *following, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(following->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Without inotify, polling has to do. */
static int watch_all(struct following *following)
{
	const char *path;
	int error = 0;

	following->paths = names_paths_version(following->names);
	following->watch = watch_create();
	if (!following->watch) {
		log_warn("names are looked at with each reading only: no inotify: %s",
			strerror(errno));
		return 0;
	}
	for (size_t i = 0; (path = names_path(following->names, i)) && !error; i++)
		error = watch_add(following->watch, path);
	if (error)
		return error;
	watch_renew(following->watch);
	return add_to_epoll(following, watch_fd(following->watch));
}

static int start(struct following *following, const struct config *config)
{
	int error;

	following->names = names_create();
	following->epoll = epoll_create1(EPOLL_CLOEXEC);
	following->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!following->names)
		return -ENOMEM;
	if (following->epoll < 0 || following->timer < 0)
		return -errno;
	error = follow_all(following->names, config);
	if (!error)
		error = add_to_epoll(following, following->timer);
	return error ? error : watch_all(following);
}

struct following *following_start(const struct config *config)
{
	struct following *following = calloc(1, sizeof(*following));
	int error = following ? start(following, config) : -ENOMEM;

	if (!error)
		return following;
	following_stop(following);
	errno = -error;
	return NULL;
}

void following_stop(struct following *following)
{
	if (!following)
		return;
	watch_destroy(following->watch);
	names_destroy(following->names);
	if (following->epoll >= 0)
		close(following->epoll);
	if (following->timer >= 0)
		close(following->timer);
	free(following);
}

struct names *following_names(struct following *following)
{
	return following->names;
}

int following_fd(const struct following *following)
{
	return following->epoll;
}

static void set_due(struct following *following)
{
	uint64_t now = now_ms(), then = now + WAIT_MS;
	struct itimerspec once = {0};

	if (following->due)
		return;
	if (following->read_ms && then < following->read_ms + PAUSE_MS)
		then = following->read_ms + PAUSE_MS;
	once.it_value.tv_sec = (time_t)((then - now) / 1000);
	once.it_value.tv_nsec = (long)((then - now) % 1000 * 1000000);
	following->due = timerfd_settime(following->timer, 0, &once, NULL) == 0;
}

bool following_read(struct following *following)
{
	bool changed = names_refresh(following->names);

	following->read_ms = now_ms();
	if (following->paths != names_paths_version(following->names)) {
		watch_destroy(following->watch);
		if (watch_all(following) < 0)
			log_warn(
				"names are looked at with each reading only: %s", strerror(ENOMEM));
		set_due(following); /* for what changed before it was watched */
	}
	return changed;
}

bool following_run(struct following *following)
{
	uint64_t expirations;

	if (following->watch && watch_read(following->watch))
		set_due(following);
	if (read(following->timer, &expirations, sizeof(expirations)) <= 0)
		return false;
	following->due = false;
	/* Before the files are read: what changes later than that is an event again. */
	if (following->watch)
		watch_renew(following->watch);
	return following_read(following);
}

void following_poll(struct following *following)
{
	if (names_stale(following->names))
		set_due(following);
}
