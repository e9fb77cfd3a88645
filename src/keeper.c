// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "addresses.h"
#include "classifier.h"
#include "log.h"
#include "settings.h"
#include "snapshot_take.h"

static uint64_t now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Loads a classifier and puts it on both hooks of one interface. */
static int attach(struct keeper *keeper, struct keeper_link *link, unsigned ifindex,
	const struct mz_settings *settings)
{
	int programs[MZ_DIRECTIONS];
	int error = classifier_load(&keeper->maps, settings, programs);

	for (int d = 0; d < MZ_DIRECTIONS && !error; d++) {
		struct hook hook = {ifindex, (enum mz_direction)d};

		error = hooks_attach(keeper->bpffs.layout, &hook, programs[d], keeper->config->hook,
			&link->kind);
	}
	for (int d = 0; d < MZ_DIRECTIONS; d++)
		if (programs[d] >= 0)
			close(programs[d]);
	keeper->changed = true;
	link->ifindex = error ? 0 : ifindex;
	link->settings = *settings;
	return error;
}

/* Where hooks hang is part of every snapshot. */
static void list_hooks(const struct keeper *keeper, struct snapshot *snapshot)
{
	snapshot->hooks = 0;
	for (size_t i = 0; i < keeper->config->interfaces; i++)
		for (int d = 0; d < MZ_DIRECTIONS && keeper->links[i].ifindex; d++) {
			struct snapshot_hook *hook = &snapshot->hook[snapshot->hooks++];

			memset(hook, 0, sizeof(*hook));
			memcpy(hook->device, keeper->config->ifnames[i], sizeof(hook->device));
			hook->direction = (uint8_t)d;
			hook->kind = (uint8_t)keeper->links[i].kind;
		}
}

static const char *explain(int error)
{
	switch (-error) {
	case EINVAL:
		return "the kernel does not take the classifier (5.10 or later is needed, with "
		       "CONFIG_NET_CLS_BPF)";
	case E2BIG:
		return "too many prefixes or addresses (see LIMITS in mezoura(8))";
	default:
		return strerror(-error);
	}
}

/* Makes one interface's hooks what they should be. Says once what failed, and when it is over. */
static int reconcile_link(struct keeper *keeper, size_t i, const struct prefix *own, size_t owns)
{
	const char *ifname = keeper->config->ifnames[i];
	struct keeper_link *link = &keeper->links[i];
	unsigned ifindex = if_nametoindex(ifname);
	struct mz_settings settings;
	int error;

	if (!ifindex) {
		if (!link->missed)
			log_warn("%s is gone: waiting for it", ifname);
		link->missed = true;
		link->ifindex = 0;
		return 0;
	}
	error = settings_make(&settings, keeper->config, ifname, link->net, own, owns);
	if (!error && link->ifindex == ifindex &&
		memcmp(&settings, &link->settings, sizeof(settings)) == 0)
		return 0;
	if (!error)
		error = attach(keeper, link, ifindex, &settings);
	if (error && !link->missed)
		log_error("%s: cannot attach: %s", ifname, explain(error));
	if (!error && link->missed)
		log_info("%s is back: counting on it again", ifname);
	link->missed = error != 0;
	return error;
}

static int reconcile(struct keeper *keeper)
{
	struct hook keep[MZ_NETS * MZ_DIRECTIONS];
	struct prefix *own = NULL;
	size_t keeps = 0;
	int owns = addresses_own(&own), error = owns < 0 ? owns : 0;

	for (size_t i = 0; i < keeper->config->interfaces && owns >= 0; i++) {
		int failed = reconcile_link(keeper, i, own, (size_t)owns);

		error = error ? error : failed;
		for (int d = 0; d < MZ_DIRECTIONS; d++)
			keep[keeps++] =
				(struct hook){keeper->links[i].ifindex, (enum mz_direction)d};
	}
	free(own);
	if (!error && keeper->changed) {
		/* of an earlier configuration, and of interfaces that are gone */
		hooks_detach_others(keeper->bpffs.layout, keep, keeps);
		keeper->changed = false;
	}
	return error;
}

void keeper_reconcile(struct keeper *keeper)
{
	reconcile(keeper);
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

	memset(keeper, 0, sizeof(*keeper));
	keeper->config = config;
	keeper->names = names;
	keeper->maps = (struct maps){.hosts4 = -1, .hosts6 = -1, .unattributed = -1, .nets = -1};
	tally_init(&keeper->tally);
	error = open_bpffs(&keeper->bpffs, config->pin);
	if (error)
		return error;
	error = open_maps(keeper);
	if (!error)
		error = reconcile(keeper);
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
