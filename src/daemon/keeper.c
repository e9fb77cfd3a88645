// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/snapshot_fill.h"
#include "daemon/snapshot_hooks.h"
#include "hooks/hook.h"
#include "hooks/reconcile.h"
#include "tables/migrate.h"

#define VERIFY_MS     10000 /* how often hooks are verified though the kernel announced no change */
#define FULL_EVERY_MS 60000 /* how often a full table is logged at the most */

void keeper_reconcile(struct keeper *keeper)
{
	int error = reconcile_hooks(&keeper->installed);

	keeper->reconciled_ms = now_ms();
	if (error) /* the next pull tries again */
		keeper->reconciled_ms -= VERIFY_MS;
}

static int open_pins(struct pins *pins, const char *pin, unsigned max_hosts)
{
	int error = pins_open(pins, pin, max_hosts);

	if (error == -EBUSY)
		log_error("--pin %s: another mezoura is running", pin);
	else if (error)
		pins_log_failure(pin, error);
	return error;
}

/* Numbers of interfaces are taken over from tables of another layout, if there are such. */
static int open_tables(struct keeper *keeper)
{
	const struct config *config = keeper->config;
	const struct pins *pins = &keeper->pins;
	struct mz_net nets[MZ_NETS];
	int error = migrate_drop_imported(pins), known = 0;

	if (!error) {
		known = migrate_nets(pins, nets);
		error = known < 0 ? known : 0;
	}
	if (!error)
		error = identity_prepare(pins);
	if (!error)
		error = maps_open(
			&keeper->maps, pins->layout, config->max_hosts, known ? nets : NULL);
	if (!error)
		error = identity_take(pins, &keeper->identity);
	if (!error)
		error = archive_open(&keeper->archive, pins->layout, 2 * config->max_hosts);
	if (!error)
		error = retire_start(&keeper->retire, &keeper->maps, &keeper->archive, now_ms());
	if (!error)
		error = counters_init(&keeper->counters, &keeper->maps);
	if (error == -EUCLEAN)
		log_error("--pin %s: what lies in %s is no table of mezoura's: "
			  "remove it by \"mezoura unload\"",
			config->pin, pins->layout);
	else if (error)
		log_error("cannot make the kernel's tables: %s",
			error == -ENOSYS ? "this kernel has no BPF" : strerror(-error));
	return error;
}

static int number_interfaces(struct keeper *keeper)
{
	const struct config *config = keeper->config;

	for (size_t i = 0; i < config->interface_count; i++) {
		int net = maps_net(&keeper->maps, config->ifnames[i]);

		if (net < 0) {
			log_error("%s: cannot number it: %s", config->ifnames[i], strerror(-net));
			return net;
		}
		keeper->installed.links[i].net = (unsigned)net;
	}
	return 0;
}

int keeper_start(struct keeper *keeper, const struct config *config, struct names *names,
	struct snapshot_shared *shared)
{
	int error;

	keeper->config = config;
	keeper->names = names;
	keeper->shared = shared;
	keeper->started_s = clock_uptime_s();
	keeper->installed.config = config;
	keeper->installed.pin = keeper->pins.pin;
	keeper->installed.maps = &keeper->maps;
	keeper->installed.changed = true; /* hooks of an earlier daemon may have to go */
	process_usage_init(&keeper->process);
	maps_init(&keeper->maps);
	tally_init(&keeper->tally);
	error = open_pins(&keeper->pins, config->pin, config->max_hosts);
	if (error)
		return error;
	error = open_tables(keeper);
	if (!error) {
		migrate_hooks(&keeper->pins);
		error = number_interfaces(keeper);
	}
	keeper->reconciled_ms = now_ms();
	if (!error)
		error = reconcile_hooks(&keeper->installed);
	if (!error)
		error = keeper_pull(keeper);
	if (error && keeper->pins.created) {
		hook_remove_all(keeper->pins.pin);
		pins_remove(&keeper->pins);
	}
	if (error)
		keeper_stop(keeper);
	return error;
}

void keeper_stop(struct keeper *keeper)
{
	maps_close(&keeper->maps);
	archive_close(&keeper->archive);
	counters_finish(&keeper->counters);
	tally_finish(&keeper->tally);
	pins_close(&keeper->pins);
	installed_finish(&keeper->installed);
	keeper->snapshot = NULL;
}

/*
 * Takes over the counts of other layouts, once none of their classifiers is left. Not while slots
 * are being retired: an import would change the generation that these are matched by.
 */
static void import_counts(struct keeper *keeper)
{
	int error;

	if (keeper->imported || keeper->retire.retiring)
		return;
	for (size_t i = 0; i < keeper->installed.hook_count; i++)
		if (!keeper->installed.hooks[i].attached &&
			!keeper->installed.hooks[i].yields_until_ms)
			return;
	error = migrate_import(&keeper->pins, &keeper->archive);
	if (error && !keeper->import_failing)
		log_error("cannot take over the counts of other tables, trying again: %s",
			strerror(-error));
	keeper->import_failing = error != 0;
	keeper->imported = error == 0;
}

static void warn_if_full(struct keeper *keeper)
{
	uint64_t full = keeper->tally.unattributed[MZ_UPLOAD][MZ_TABLE_FULL].packets +
			keeper->tally.unattributed[MZ_DOWNLOAD][MZ_TABLE_FULL].packets;

	if (!keeper->snapshot) /* an earlier daemon logged those */
		keeper->full = full;
	if (full == keeper->full ||
		(keeper->full_logged_ms &&
			keeper->pulled_ms - keeper->full_logged_ms < FULL_EVERY_MS))
		return;
	log_warn("the table of %u addresses is full: %" PRIu64
		 " packets were not attributed to any host (--max-hosts)",
		keeper->maps.capacity, full - keeper->full);
	keeper->full = full;
	keeper->full_logged_ms = keeper->pulled_ms;
}

static void make_room(struct keeper *keeper, uint32_t now_s)
{
	int done =
		retire_step(&keeper->retire, &keeper->maps, &keeper->archive, keeper->pins.layout,
			keeper->tally.entries, keeper->config->idle, now_s, keeper->pulled_ms);

	if (done < 0 && !keeper->retire_failing)
		log_error("cannot make room in the kernel's tables: %s", strerror(-done));
	keeper->retire_failing = done < 0;
}

static int take_snapshot(struct keeper *keeper, uint64_t began_us)
{
	struct snapshot *snapshot = snapshot_shared_begin(
		keeper->shared, snapshot_needed(&keeper->tally, keeper->names, keeper->snapshot));

	if (!snapshot)
		return -errno;
	snapshot_fill(snapshot, &keeper->tally, keeper->names, clock_date_ms());
	snapshot_fill_hooks(snapshot, &keeper->installed);
	snapshot->tables = keeper->identity.number;
	snapshot->tables_since_s = keeper->identity.since_s;
	snapshot->whole = keeper->imported || !keeper->has_others;
	snapshot->exporter_restarts = *keeper->exporter_restarts;
	snapshot->recorder_restarts = *keeper->recorder_restarts;
	process_usage_read(&keeper->process, &snapshot->keeper);
	snapshot->uptime_s = clock_uptime_s() - keeper->started_s;
	snapshot->pull_us = (uint32_t)(clock_us(CLOCK_MONOTONIC) - began_us);
	snapshot_shared_end(keeper->shared, keeper->pulled_ms);
	keeper->snapshot = snapshot;
	log_debug("read the counters in %u us: %u addresses, %u hosts", snapshot->pull_us,
		snapshot->address_count, snapshot->host_count);
	return 0;
}

int keeper_pull(struct keeper *keeper)
{
	uint64_t began_us = clock_us(CLOCK_MONOTONIC);
	uint32_t now_s = (uint32_t)clock_uptime_s();
	int error;

	import_counts(keeper);
	error = counters_read(
		&keeper->counters, &keeper->maps, &keeper->archive, now_s, &keeper->tally);
	keeper->pulled_ms = now_ms();
	if (!error) {
		warn_if_full(keeper);
		error = take_snapshot(keeper, began_us);
	}
	if (error && !keeper->failing)
		log_error("cannot read the counters: %s", strerror(-error));
	keeper->failing = error != 0;
	if (!error)
		make_room(keeper, now_s);
	if (keeper->pulled_ms - keeper->reconciled_ms >= VERIFY_MS && keeper->reconciled_ms) {
		log_debug("looking whether all hooks are still there");
		keeper_reconcile(keeper);
	}
	return error;
}

const struct snapshot *keeper_fresh(struct keeper *keeper, unsigned max_age_ms)
{
	if (now_ms() >= keeper->pulled_ms + max_age_ms)
		keeper_pull(keeper); /* where that fails, the last good snapshot stays */
	return keeper->snapshot;
}
