// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/open_files.h"
#include "daemon/announce.h"
#include "daemon/exporter_child.h"
#include "daemon/keeper.h"
#include "daemon/offload_watch.h"
#include "daemon/privileges.h"
#include "daemon/recorder_child.h"
#include "daemon/service.h"
#include "daemon/signals.h"
#include "daemon/state_directory.h"
#include "daemon/textfile_writer.h"
#include "model/snapshot_shared.h"
#include "names/follow.h"
#include "net/changes.h"
#include "serve/exporter.h"
#include "serve/sockets.h"

#define ROUNDS 500 /* in 100 ms: more events than a busy router causes */

/* Each part has one line in start_parts(), start() or begin(), and one in stop(). */
struct daemon {
	const struct config *config;
	struct loop loop;
	struct loop_timer pulls;
	struct signals signals;
	struct sockets server;
	struct snapshot_shared shared; /* the snapshot, for the children */
	struct follow *follow;	       /* names */
	struct changes *changes;
	struct loop_source changes_source;
	struct keeper keeper;
	struct offload_watch offload;
	struct textfile_writer textfile;
	struct service service;
	struct privileges privileges;
	struct children children;
	struct exporter_child exporter;
	struct recorder_child recorder;
};

static void pull(void *context)
{
	struct daemon *daemon = context;

	if (keeper_pull(&daemon->keeper) < 0)
		return;
	service_pulled(&daemon->service);
	textfile_writer_write(&daemon->textfile, daemon->keeper.snapshot);
	follow_poll(daemon->follow);
}

static void pull_in_time(void *context)
{
	struct daemon *daemon = context;

	pull(daemon);
	service_counts(&daemon->service, installed_counted(&daemon->keeper.installed));
}

static void take_changes(void *context)
{
	struct daemon *daemon = context;

	if (!changes_drain(daemon->changes, installed_follows, &daemon->keeper.installed))
		return;
	keeper_reconcile(&daemon->keeper);
	service_counts(&daemon->service, installed_counted(&daemon->keeper.installed));
}

static void refresh_snapshot(void *context)
{
	struct daemon *daemon = context;

	keeper_fresh(&daemon->keeper, EXPORTER_FRESH_MS);
}

static void reap_children(void *context)
{
	struct daemon *daemon = context;

	children_reap(&daemon->children);
}

static int start_changes(struct daemon *daemon)
{
	daemon->changes = changes_watch();
	if (!daemon->changes)
		return -errno;
	daemon->changes_source = (struct loop_source){
		.fd = changes_fd(daemon->changes), .handle = take_changes, .context = daemon};
	return loop_add(&daemon->loop, &daemon->changes_source);
}

/* Starts all that the keeper needs. Logs a line on failure. */
static int start_parts(struct daemon *daemon)
{
	int error = loop_open(&daemon->loop, ROUNDS);

	if (!error) {
		daemon->follow = follow_start(daemon->config, &daemon->loop, pull, daemon);
		error = daemon->follow ? 0 : -errno;
	}
	if (!error && (error = snapshot_shared_create(&daemon->shared)) < 0) {
		log_error("cannot start: no memory to share: %s", strerror(-error));
		return error;
	}
	if (!error)
		error = signals_start(&daemon->signals, &daemon->loop, reap_children, daemon);
	if (!error)
		error = start_changes(daemon);
	if (!error)
		error = offload_watch_start(
			&daemon->offload, &daemon->loop, &daemon->keeper.installed);
	if (error)
		log_error("cannot start: %s", strerror(-error));
	return error;
}

/* First finds errors that can be known before anything is touched. Logs a line on failure. */
static int start(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	const char *missing = privileges_missing();
	uint64_t interval_ms = config->interval * 1000ULL;
	int error;

	if (missing)
		log_error("expected to be run as root (%s are needed)", missing);
	error = missing ? -EPERM : open_files_check();
	if (!error)
		error = textfile_writer_start(&daemon->textfile, config);
	if (!error)
		error = sockets_open(&daemon->server, config, SOCKETS_PATIENCE_MS);
	if (!error)
		error = start_parts(daemon);
	if (error)
		return error;
	loop_start_timer(&daemon->loop, &daemon->pulls, interval_ms, interval_ms);
	service_start(&daemon->service, config, &daemon->loop);
	return keeper_start(&daemon->keeper, config, follow_names(daemon->follow), &daemon->shared);
}

/* To be called when all is open that needs more rights than counting. Logs a line on failure. */
static int drop_privileges(struct daemon *daemon)
{
	const struct privileges *users = &daemon->privileges;
	bool may_write;
	int error;

	privileges_find(&daemon->privileges);
	state_directory_make(daemon->config, users);
	error = pins_chown(&daemon->keeper.pins, users->keeper_uid, users->keeper_gid);
	listen_give(&daemon->server.file, users->keeper_gid);
	textfile_writer_give(&daemon->textfile, users->keeper_uid, users->keeper_gid);
	if (!error)
		error = privileges_drop(users);
	may_write = textfile_writer_may_write(&daemon->textfile);
	if (!error)
		error = privileges_write_anywhere(!may_write);
	if (error)
		log_error("cannot give up rights: %s", strerror(-error));
	else if (!may_write)
		log_warn("--textfile %s: its directory is another user's: keeping "
			 "CAP_DAC_OVERRIDE; chown the directory to the daemon's user to avoid that",
			daemon->config->textfile);
	return error;
}

/*
 * From here on the processes read what strangers wrote: names that clients chose, then requests.
 * Logs a line on failure.
 */
static int begin(struct daemon *daemon)
{
	int error = 0;

	daemon->recorder = (struct recorder_child){.argv = daemon->config->argv,
		.shared = daemon->shared.fd,
		.privileges = &daemon->privileges};
	daemon->exporter = (struct exporter_child){.argv = daemon->config->argv,
		.shared = daemon->shared.fd,
		.history = -1,
		.sockets = daemon->server.socket,
		.sockets_count = daemon->server.socket_count,
		.privileges = &daemon->privileges,
		.refresh = refresh_snapshot,
		.context = daemon};
	follow_read(daemon->follow);
	pull(daemon);
	if (daemon->config->state)
		error = recorder_child_start(&daemon->recorder, &daemon->children);
	if (daemon->config->state && !error)
		daemon->exporter.history = daemon->recorder.questions;
	return error ? error : exporter_child_start(&daemon->exporter, &daemon->children);
}

/* Returns 0 when a signal ends it, or -errno. */
static int run(struct daemon *daemon)
{
	const struct installed *installed = &daemon->keeper.installed;
	int error;

	announce_start(daemon->config, installed);
	service_ready(&daemon->service, installed_counted(installed));
	error = loop_run(&daemon->loop);
	if (error)
		log_error("cannot wait for events: %s", strerror(-error));
	service_stopping(&daemon->service);
	pull(daemon);
	recorder_child_end(&daemon->recorder);
	announce_end(daemon->config, installed);
	return error;
}

/* In the reverse order; also where start() failed halfway. */
static void stop(struct daemon *daemon)
{
	child_stop(&daemon->children, &daemon->exporter.child);
	privileges_forget_exporter();
	sockets_close(&daemon->server);
	snapshot_shared_close(&daemon->shared);
	service_stop(&daemon->service);
	offload_watch_stop(&daemon->offload);
	loop_remove(&daemon->loop, &daemon->changes_source);
	changes_close(daemon->changes);
	follow_stop(daemon->follow);
	textfile_writer_stop(&daemon->textfile);
	recorder_child_stop(&daemon->recorder, &daemon->children); /* last: it may take a while */
	signals_stop(&daemon->signals);
	loop_close(&daemon->loop);
}

int daemon_run(const struct config *config)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int status = 1;

	if (!daemon)
		return 1;
	daemon->config = config;
	daemon->shared.fd = -1;
	daemon->pulls = (struct loop_timer){.handle = pull_in_time, .context = daemon};
	daemon->children.loop = &daemon->loop;
	daemon->keeper.exporter_restarts = &daemon->exporter.child.restarts;
	daemon->keeper.recorder_restarts = &daemon->recorder.child.restarts;
	if (config->syslog)
		log_to_syslog();
	if (start(daemon) == 0) {
		if (drop_privileges(daemon) == 0 && begin(daemon) == 0)
			status = run(daemon) < 0;
		keeper_stop(&daemon->keeper);
	}
	stop(daemon);
	free(daemon);
	return status;
}
