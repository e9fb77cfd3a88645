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
#include "hooks/hook.h"
#include "hooks/reconcile.h"
#include "tables/migrate.h"

#define VERIFY_MS 10000 /* how often hooks are looked at though nothing was announced */

void keeper_set_offloaded(struct keeper *keeper, const char *flowtable)
{
	bool told = keeper->installed.incomplete & 1u << SNAPSHOT_HARDWARE_OFFLOAD;

	/* loud, as figures that are too low look like any others */
	if (flowtable && !told)
		log_warn("COUNTS ARE TOO LOW: flowtable %s hands flows to the hardware, where "
			 "nothing can count them; take 'flags offload' out of it (OpenWrt: option "
			 "flow_offloading_hw '0')",
			flowtable);
	if (!flowtable && told)
		log_info("no flowtable hands flows to the hardware any more");
	installed_set_incomplete(&keeper->installed, SNAPSHOT_HARDWARE_OFFLOAD, flowtable != NULL);
}

/* Where hooks hang is part of every snapshot; one line for a device that has several. */
static void list_hooks(const struct keeper *keeper, struct snapshot *snapshot)
{
	snapshot->hook_count = 0;
	for (size_t i = 0; i < keeper->installed.hook_count; i++) {
		const struct installed_hook *from = &keeper->installed.hooks[i];
		bool known = !from->attached;

		for (uint32_t j = 0; j < snapshot->hook_count && !known; j++)
			known = strcmp(snapshot->hook[j].device, from->device) == 0 &&
				snapshot->hook[j].kind == from->kind;
		for (int d = 0; d < (from->uploads_only ? MZ_DOWNLOAD : MZ_DIRECTIONS) && !known &&
				snapshot->hook_count < SNAPSHOT_HOOKS;
			d++) {
			struct snapshot_hook *hook = &snapshot->hook[snapshot->hook_count++];

			memset(hook, 0, sizeof(*hook));
			memcpy(hook->device, from->device, sizeof(hook->device));
			hook->direction = (uint8_t)d;
			hook->kind = (uint8_t)from->kind;
			hook->net = (uint8_t)from->net;
			hook->age_s = (uint32_t)(clock_uptime_s() - from->since_s);
		}
	}
}

static void list_interfaces(const struct keeper *keeper, struct snapshot *snapshot)
{
	const struct config *config = keeper->config;

	snapshot->interface_count = (uint32_t)config->interface_count;
	for (size_t i = 0; i < config->interface_count; i++) {
		struct snapshot_interface *to = &snapshot->interface[i];

		*to = (struct snapshot_interface){.net = (uint8_t)keeper->installed.links[i].net,
			.present = keeper->installed.links[i].present,
			.hooked = installed_counts_on(&keeper->installed, i),
			.followed = config->followed[i]};
		for (size_t k = 0; k < keeper->installed.tracking.count; k++) {
			const struct tracking_row *row = &keeper->installed.tracking.row[k];
			struct snapshot_prefix *prefix = &to->prefix[to->prefix_count];

			if (!tracking_is_on(row, config->ifnames[i]) ||
				to->prefix_count == 2 * MZ_PREFIXES)
				continue;
			memcpy(prefix->addr, row->prefix.addr, sizeof(prefix->addr));
			prefix->family = row->prefix.family;
			prefix->length = row->prefix.length;
			to->prefix_count++;
		}
	}
}

void keeper_reconcile(struct keeper *keeper)
{
	int error = reconcile_hooks(&keeper->installed);

	keeper->reconciled_ms = now_ms();
	if (error) /* then at the next pull */
		keeper->reconciled_ms -= VERIFY_MS;
}

/* Why pins_open() and pins_open_existing() failed, other than by -EBUSY. */
static void tell_no_bpffs(const char *pin, int error)
{
	if (error == -EMEDIUMTYPE)
		log_error("--pin %s: expected a directory in a bpf file system", pin);
	else if (error == -EPERM || error == -ENOTDIR)
		log_error("--pin %s: expected a directory that no other user made or may change",
			pin);
	else
		log_error("--pin %s: no bpf file system here: %s", pin, strerror(-error));
}

static int open_bpffs(struct pins *pins, const char *pin, unsigned max_hosts)
{
	int error = pins_open(pins, pin, max_hosts);

	if (error == -EBUSY)
		log_error("--pin %s: another mezoura is running", pin);
	else if (error)
		tell_no_bpffs(pin, error);
	return error;
}

static int open_maps(struct keeper *keeper)
{
	const struct config *config = keeper->config;
	const struct pins *pins = &keeper->pins;
	struct mz_net nets[MZ_NETS];
	int error = migrate_drop_imported(pins), known = error ? error : migrate_nets(pins, nets);

	error = known < 0 ? known
			  : maps_open(&keeper->maps, pins->layout, config->max_hosts,
				    known ? nets : NULL);
	if (!error)
		error = archive_open(&keeper->archive, pins->layout, 2 * config->max_hosts);
	if (!error)
		error = retire_start(&keeper->retire, &keeper->maps, &keeper->archive, now_ms());
	if (!error)
		error = counters_init(&keeper->counters, &keeper->maps);
	if (error == -EUCLEAN) {
		log_error("--pin %s: what lies in %s is no table of mezoura's: "
			  "remove it by \"mezoura unload\"",
			config->pin, pins->layout);
		return error;
	}
	if (error) {
		log_error("cannot make the kernel's tables: %s",
			error == -ENOSYS ? "this kernel has no BPF" : strerror(-error));
		return error;
	}
	migrate_hooks(pins);
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
	keeper->installed.changed = true; /* what an earlier daemon hooked may have to go */
	process_usage_init(&keeper->process);
	maps_init(&keeper->maps);
	tally_init(&keeper->tally);
	error = open_bpffs(&keeper->pins, config->pin, config->max_hosts);
	if (error)
		return error;
	error = open_maps(keeper);
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

/* The counts of other layouts, once no classifier of theirs is left. */
static void import(struct keeper *keeper)
{
	int error;

	/* slots on their way into the past are told from others by its generation */
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

/* At most once a minute. */
static void tell_if_full(struct keeper *keeper)
{
	uint64_t full = keeper->tally.unattributed[MZ_UPLOAD][MZ_TABLE_FULL].packets +
			keeper->tally.unattributed[MZ_DOWNLOAD][MZ_TABLE_FULL].packets;

	if (!keeper->snapshot) /* that was told by an earlier daemon */
		keeper->full = full;
	if (full == keeper->full ||
		(keeper->full_told_ms && keeper->pulled_ms - keeper->full_told_ms < 60000))
		return;
	log_warn("the table of %u addresses is full: %" PRIu64
		 " packets belong to nobody's row (--max-hosts)",
		keeper->maps.capacity, full - keeper->full);
	keeper->full = full;
	keeper->full_told_ms = keeper->pulled_ms;
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
	list_hooks(keeper, snapshot);
	list_interfaces(keeper, snapshot);
	snapshot->incomplete = keeper->installed.incomplete;
	snapshot->hooks_restored = keeper->installed.restored;
	snapshot->missed_packets = keeper->installed.missed;
	snapshot->exporter_restarts = *keeper->exporter_restarts;
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

	import(keeper);
	error = counters_read(
		&keeper->counters, &keeper->maps, &keeper->archive, now_s, &keeper->tally);
	keeper->pulled_ms = now_ms();
	if (!error) {
		tell_if_full(keeper);
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
		keeper_pull(keeper); /* where that fails, the last good one has to do */
	return keeper->snapshot;
}

int keeper_unload(const char *pin)
{
	struct pins pins;
	int error = pins_open_existing(&pins, pin);

	if (error == -ENOENT || error == -EMEDIUMTYPE)
		return 0; /* nothing there, nothing to do */
	if (error == -EBUSY)
		log_error("--pin %s: a daemon is running: stop it first", pin);
	else if (error)
		tell_no_bpffs(pin, error);
	if (error)
		return error;
	migrate_hooks(&pins);
	hook_remove_all(pins.pin);
	pins_remove(&pins);
	return 0;
}
