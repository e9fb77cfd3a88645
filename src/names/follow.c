// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "names/watch.h"

/*
 * WAIT_MS is the time for a program to finish a file that it writes in place, as dnsmasq does.
 * PAUSE_MS limits the readings to two per second, however many leases a client asks for.
 */
#define WAIT_MS	 100
#define PAUSE_MS 500

struct follow {
	struct names *names;
	struct watch *watch; /* NULL: there is no inotify */
	struct loop *loop;
	struct loop_source events; /* of watch */
	struct loop_timer timer;   /* runs: a reading is due */
	void (*changed)(void *context);
	void *context;
	uint32_t paths;	  /* names_paths_version() of the paths that are watched */
	uint64_t read_ms; /* when the files were read last; monotonic */
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
			error = names_add_file(names, (enum names_source)i, paths[i]->path[k]);
	if (!config->leases.given)
		names_follow_leasefiles(names);
	return error;
}

/* Watches all paths. Where there is no inotify, follow_poll() has to do. */
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
	follow->events.fd = watch_fd(follow->watch);
	return loop_add(follow->loop, &follow->events);
}

static int start(struct follow *follow, const struct config *config)
{
	int error;

	follow->names = names_create();
	if (!follow->names)
		return -ENOMEM;
	error = follow_all(follow->names, config);
	return error ? error : watch_all(follow);
}

static void set_due(struct follow *follow)
{
	uint64_t now = now_ms(), then = now + WAIT_MS;

	if (follow->timer.due_ms)
		return;
	if (follow->read_ms && then < follow->read_ms + PAUSE_MS)
		then = follow->read_ms + PAUSE_MS;
	loop_start_timer(follow->loop, &follow->timer, then - now, 0);
}

bool follow_read(struct follow *follow)
{
	bool changed = names_refresh(follow->names);

	follow->read_ms = now_ms();
	if (follow->paths != names_paths_version(follow->names)) {
		loop_remove(follow->loop, &follow->events);
		watch_destroy(follow->watch);
		if (watch_all(follow) < 0)
			log_warn(
				"names are looked at with each reading only: %s", strerror(ENOMEM));
		set_due(follow); /* for what changed before it was watched */
	}
	return changed;
}

static void take_events(void *context)
{
	struct follow *follow = context;

	if (watch_read(follow->watch))
		set_due(follow);
}

static void read_due(void *context)
{
	struct follow *follow = context;

	/* Before the files are read: what changes later than that is an event again. */
	if (follow->watch)
		watch_renew(follow->watch);
	if (follow_read(follow))
		follow->changed(follow->context);
}

struct follow *follow_start(const struct config *config, struct loop *loop,
	void (*changed)(void *context), void *context)
{
	struct follow *follow = calloc(1, sizeof(*follow));
	int error = -ENOMEM;

	if (follow) {
		follow->loop = loop;
		follow->events =
			(struct loop_source){.fd = -1, .handle = take_events, .context = follow};
		follow->timer = (struct loop_timer){.handle = read_due, .context = follow};
		follow->changed = changed;
		follow->context = context;
		error = start(follow, config);
	}
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
	loop_stop_timer(follow->loop, &follow->timer);
	loop_remove(follow->loop, &follow->events);
	watch_destroy(follow->watch);
	names_destroy(follow->names);
	free(follow);
}

struct names *follow_names(struct follow *follow)
{
	return follow->names;
}

void follow_poll(struct follow *follow)
{
	if (names_stale(follow->names))
		set_due(follow);
}
