// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/open_files.h"
#include "base/trust.h"
#include "daemon/exporter_child.h"
#include "daemon/keeper.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/signals.h"
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
	struct children children;
	struct exporter_child exporter;
	struct changes *changes;
	struct flowtables *flowtables; /* NULL: the kernel has none */
	uint32_t counted; /* a bit for each interface that is, as the service manager knows */
	struct loop loop;
	struct loop_timer timer;
	struct loop_timer watchdog; /* stopped: nobody watches */
	struct signals signals;
	struct loop_source changes_source, rules;
	uint64_t pulled_ms; /* the last time that went well; monotonic */
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

static void look_at_flowtables(void *context)
{
	struct daemon *daemon = context;
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
static void tell_watchdog(void *context)
{
	const struct daemon *daemon = context;
	uint64_t late = daemon->pulled_ms + 2000ULL * daemon->config->interval + LATE_MS;

	if (now_ms() <= late)
		notify_watchdog(daemon->config);
}

static void refresh(void *context)
{
	struct daemon *daemon = context;

	keeper_fresh(&daemon->keeper, EXPORTER_FRESH_MS);
}

static void reap_children(void *context)
{
	struct daemon *daemon = context;

	children_reap(&daemon->children);
}

static void take_changes(void *context)
{
	struct daemon *daemon = context;

	if (!changes_drain(daemon->changes, installed_follows, &daemon->keeper.installed))
		return;
	keeper_reconcile(&daemon->keeper);
	tell_counted(daemon, false);
}

static void pull_in_time(void *context)
{
	pull(context);
	tell_counted(context, false);
}

static void pull_new_names(void *context)
{
	pull(context);
}

static int add_source(
	struct daemon *daemon, struct loop_source *source, int fd, void (*handle)(void *context))
{
	*source = (struct loop_source){.fd = fd, .handle = handle, .context = daemon};
	return loop_add(&daemon->loop, source);
}

static void start_timers(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	uint64_t ms = config->interval * 1000ULL;

	daemon->timer = (struct loop_timer){.handle = pull_in_time, .context = daemon};
	loop_start_timer(&daemon->loop, &daemon->timer, ms, ms);
	daemon->watchdog = (struct loop_timer){.handle = tell_watchdog, .context = daemon};
	ms = config->watchdog_ms / 2;
	if (config->notify_socket && ms)
		loop_start_timer(&daemon->loop, &daemon->watchdog, ms, ms);
}

static int start_loop(struct daemon *daemon)
{
	int error;

	daemon->changes = changes_watch();
	daemon->flowtables = flowtables_watch();
	if (!daemon->changes)
		return -errno;
	error = signals_start(&daemon->signals, &daemon->loop, reap_children, daemon);
	if (!error)
		error = add_source(
			daemon, &daemon->changes_source, changes_fd(daemon->changes), take_changes);
	if (!error && daemon->flowtables)
		error = add_source(daemon, &daemon->rules, flowtables_fd(daemon->flowtables),
			look_at_flowtables);
	if (!error)
		start_timers(daemon);
	return error;
}

static int start(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	int error = check(daemon);

	if (!error)
		error = sockets_open(&daemon->server, config, SOCKETS_PATIENCE_MS);
	if (error)
		return error;
	error = loop_open(&daemon->loop, ROUNDS);
	if (!error)
		daemon->follow = follow_start(config, &daemon->loop, pull_new_names, daemon);
	if (!error && !daemon->follow)
		error = -errno;
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
	error = pins_chown(&daemon->keeper.pins, who->keeper_uid, who->keeper_gid);
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
	daemon->children.loop = &daemon->loop;
	daemon->exporter = (struct exporter_child){.argv = daemon->config->argv,
		.shared = daemon->shared.fd,
		.sockets = daemon->server.socket,
		.sockets_count = daemon->server.socket_count,
		.privileges = &daemon->privileges,
		.refresh = refresh,
		.context = daemon};
	follow_read(daemon->follow);
	pull(daemon);
	return exporter_child_start(&daemon->exporter, &daemon->children);
}

static void tell_start(struct daemon *daemon)
{
	const struct config *config = daemon->config;

	for (size_t i = 0; i < config->interface_count; i++)
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

static int run(struct daemon *daemon)
{
	int error = loop_run(&daemon->loop);

	if (error)
		log_error("cannot wait for events: %s", strerror(-error));
	return error;
}

static void stop(struct daemon *daemon)
{
	child_stop(&daemon->children, &daemon->exporter.child);
	privileges_forget_exporter();
	sockets_close(&daemon->server);
	snapshot_shared_close(&daemon->shared);
	changes_close(daemon->changes);
	flowtables_close(daemon->flowtables);
	follow_stop(daemon->follow);
	signals_stop(&daemon->signals);
	loop_close(&daemon->loop);
	buf_free(&daemon->textfile.page);
}

int daemon_run(const struct config *config)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int status = 1;

	if (!daemon)
		return 1;
	daemon->config = config;
	daemon->keeper.exporter_restarts = &daemon->exporter.child.restarts;
	daemon->shared.fd = -1;
	if (config->syslog)
		log_to_syslog();
	if (start(daemon) == 0) {
		if (drop_privileges(daemon) == 0 && begin(daemon) == 0) {
			tell_start(daemon);
			status = run(daemon) < 0;
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
