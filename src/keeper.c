// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "reconcile.h"
#include "snapshot_take.h"

static uint64_t now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void keeper_set_incomplete(struct keeper *keeper, enum snapshot_incomplete reason, bool is_so)
{
	uint32_t bit = 1u << reason;

	keeper->incomplete = is_so ? keeper->incomplete | bit : keeper->incomplete & ~bit;
}

/* Where hooks hang is part of every snapshot; one line for a device that has several. */
static void list_hooks(const struct keeper *keeper, struct snapshot *snapshot)
{
	snapshot->hooks = 0;
	for (size_t i = 0; i < keeper->hook_count; i++) {
		const struct keeper_hook *from = &keeper->hooks[i];
		bool known = !from->attached;

		for (uint32_t j = 0; j < snapshot->hooks && !known; j++)
			known = strcmp(snapshot->hook[j].device, from->device) == 0 &&
				snapshot->hook[j].kind == from->kind;
		for (int d = 0; d < MZ_DIRECTIONS && !known && snapshot->hooks < SNAPSHOT_HOOKS;
			d++) {
			struct snapshot_hook *hook = &snapshot->hook[snapshot->hooks++];

			memset(hook, 0, sizeof(*hook));
			memcpy(hook->device, from->device, sizeof(hook->device));
			hook->direction = (uint8_t)d;
			hook->kind = (uint8_t)from->kind;
		}
	}
}

void keeper_reconcile(struct keeper *keeper)
{
	reconcile_hooks(keeper);
}

static int open_bpffs(struct bpffs *bpffs, const char *pin)
{
	int error = bpffs_open(bpffs, pin);

	if (error == -EMEDIUMTYPE)
		log_error("--pin %s: expected a directory in a bpf file system", pin);
	else if (error == -EBUSY)
		log_error("--pin %s: another mezoura is running", pin);
	else if (error)
		log_error("--pin %s: no bpf file system here: %s", pin, strerror(-error));
	return error;
}

static int open_maps(struct keeper *keeper)
{
	const struct config *config = keeper->config;
	int error = maps_open(&keeper->maps, keeper->bpffs.layout, config->max_hosts);

	if (error) {
		log_error("cannot make the kernel's tables: %s",
			error == -ENOSYS ? "this kernel has no BPF" : strerror(-error));
		return error;
	}
	if (keeper->maps.capacity != config->max_hosts)
		log_warn("--max-hosts %u: the table in use has room for %u; run 'mezoura unload' "
			 "to change it",
			config->max_hosts, keeper->maps.capacity);
	for (size_t i = 0; i < config->interfaces; i++) {
		int net = maps_net(&keeper->maps, config->ifnames[i]);

		if (net < 0) {
			log_error("%s: cannot number it: %s", config->ifnames[i], strerror(-net));
			return net;
		}
		keeper->links[i].net = (unsigned)net;
	}
	return 0;
}

int keeper_start(struct keeper *keeper, const struct config *config, struct names *names)
{
	int error;

	keeper->config = config;
	keeper->names = names;
	maps_init(&keeper->maps);
	tally_init(&keeper->tally);
	error = open_bpffs(&keeper->bpffs, config->pin);
	if (error)
		return error;
	error = open_maps(keeper);
	if (!error)
		error = reconcile_hooks(keeper);
	if (!error)
		error = keeper_pull(keeper);
	if (error && keeper->bpffs.fresh) {
		hooks_detach_others(keeper->bpffs.layout, NULL, 0);
		bpffs_remove(&keeper->bpffs);
	}
	if (error)
		keeper_stop(keeper);
	return error;
}

void keeper_stop(struct keeper *keeper)
{
	maps_close(&keeper->maps);
	tally_finish(&keeper->tally);
	bpffs_close(&keeper->bpffs);
	free(keeper->hooks);
	keeper->hooks = NULL;
	keeper->hook_count = 0;
	free(keeper->snapshot);
	keeper->snapshot = NULL;
}

int keeper_pull(struct keeper *keeper)
{
	int error = maps_read(&keeper->maps, &keeper->tally);

	names_refresh(keeper->names);
	keeper->pulled_ms = now_ms(CLOCK_MONOTONIC);
	if (!error)
		error = snapshot_take(
			&keeper->snapshot, &keeper->tally, keeper->names, now_ms(CLOCK_REALTIME));
	if (!error)
		list_hooks(keeper, keeper->snapshot);
	if (!error)
		keeper->snapshot->incomplete = keeper->incomplete;
	if (error && !keeper->failing)
		log_error("cannot read the counters: %s", strerror(-error));
	keeper->failing = error != 0;
	return error;
}

const struct snapshot *keeper_fresh(struct keeper *keeper, unsigned max_age_ms)
{
	if (now_ms(CLOCK_MONOTONIC) >= keeper->pulled_ms + max_age_ms)
		keeper_pull(keeper); /* where that fails, the last good one has to do */
	return keeper->snapshot;
}

int keeper_unload(const char *pin)
{
	struct bpffs bpffs;
	int error = bpffs_open_existing(&bpffs, pin);

	if (error == -ENOENT || error == -EMEDIUMTYPE)
		return 0; /* nothing there, nothing to do */
	if (error) {
		log_error("--pin %s: %s", pin,
			error == -EBUSY ? "a daemon is running: stop it first" : strerror(-error));
		return error;
	}
	hooks_detach_others(bpffs.layout, NULL, 0);
	bpffs_remove(&bpffs);
	return 0;
}
