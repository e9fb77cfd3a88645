// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "hooks/classifier_settings.h"
#include "hooks/hook.h"
#include "hooks/place.h"
#include "net/addresses.h"
#include "net/devices.h"
#include "net/topology.h"

#define TRIES 20 /* of a dump that is disturbed, as by devices that come while a machine starts */

/* Keeps the hooks of an interface as they were: better than none. */
static int keep_hooks(const struct installed *installed, struct place_work *work, unsigned net)
{
	for (size_t i = 0; i < installed->hook_count; i++) {
		struct installed_hook *hook;

		if (installed->hooks[i].net != net)
			continue;
		hook = place_add(work);
		if (!hook)
			return -ENOMEM;
		*hook = installed->hooks[i];
	}
	return 0;
}

static void report_absence(struct installed_link *link, const char *ifname)
{
	if (!link->failure_logged)
		log_warn("%s is not there: waiting for it", ifname);
	link->failure_logged = true;
	link->present = false;
}

static int reconcile_link(struct installed *installed, struct place_work *work, size_t i)
{
	const struct config *config = installed->config;
	const char *ifname = config->ifnames[i];
	struct installed_link *link = &installed->links[i];
	struct mz_settings settings;
	struct topology topology;
	size_t first = work->count;
	int error;

	if (topology_find(&topology, work->devices, work->device_count, ifname, config->ifnames,
		    config->interface_count) < 0) {
		report_absence(link, ifname);
		return 0;
	}
	if (topology.truncated && !link->truncated_logged)
		log_warn("%s: more than %d devices below it: packets that a flowtable takes at the "
			 "others are not counted",
			ifname, TOPOLOGY_PLACES - 1);
	if (topology.macs_truncated && !link->macs_truncated_logged)
		log_warn("%s: this router has more than %d MAC addresses there: uploads by way of "
			 "the others are not counted",
			ifname, MZ_MACS);
	link->truncated_logged = topology.truncated;
	link->macs_truncated_logged = topology.macs_truncated;
	work->failed = work->failed || topology.truncated || topology.macs_truncated;
	link->present = true;
	error = classifier_settings_make(&settings, config, &installed->tracking, ifname, link->net,
		work->own, work->own_count);
	if (error && keep_hooks(installed, work, link->net) < 0)
		return -ENOMEM;
	if (!error)
		error = place_reconcile(installed, work, &topology, 0, &settings);
	if (!error)
		topology.own_below =
			work->hooks[first].uploads_only || !work->hooks[first].attached;
	for (size_t place = 1; place < topology.place_count && !error; place++)
		/* where one fails the others count, and it is tried again at the next event */
		if (place_reconcile(installed, work, &topology, place, &settings) == -ENOMEM)
			error = -ENOMEM;
	if (error == -ENODEV) {
		report_absence(link, ifname);
		return 0;
	}
	if (work->count > first)
		link->kind = work->hooks[first].kind;
	work->addresses = work->addresses || error == -E2BIG;
	work->failed = work->failed || (error && error != -E2BIG);
	if (error && !link->failure_logged)
		log_error("%s: cannot attach: %s", ifname, place_explain(error));
	if (!error && link->failure_logged)
		log_info("%s is there: counting on it", ifname);
	link->failure_logged = error != 0;
	return error;
}

/* Detaches the hooks that are no longer wanted. */
static int detach_others(struct installed *installed)
{
	struct hook *keep = calloc(installed->hook_count * MZ_DIRECTIONS + 1, sizeof(*keep));
	size_t keep_count = 0;

	if (!keep)
		return -ENOMEM;
	for (size_t i = 0; i < installed->hook_count; i++)
		for (int d = 0; d < MZ_DIRECTIONS; d++)
			keep[keep_count++] = (struct hook){installed->hooks[i].ifindex,
				installed->hooks[i].net, (enum mz_direction)d};
	hook_detach_others(installed->pin, keep, keep_count);
	free(keep);
	installed->changed = false;
	return 0;
}

static void remember_devices(struct installed *installed, const struct place_work *work)
{
	unsigned *known =
		realloc(installed->known_devices, (work->device_count + 1) * sizeof(*known));

	if (!known)
		return; /* then a gap may be reported where there was none */
	for (size_t i = 0; i < work->device_count; i++)
		known[i] = work->devices[i].index;
	installed->known_devices = known;
	installed->known_device_count = work->device_count;
}

static void adopt(struct installed *installed, struct place_work *work)
{
	if (work->count != installed->hook_count)
		installed->changed = true;
	free(installed->hooks);
	installed->hooks = work->hooks;
	installed->hook_count = work->count;
}

static void report_truncated(struct installed *installed)
{
	bool reported = installed->incomplete & 1u << SNAPSHOT_PREFIXES;

	if (installed->tracking.truncated && !reported)
		log_warn("more than %d prefixes of one IP version on an interface of -i: traffic "
			 "of the others is unattributed (untracked)",
			MZ_PREFIXES);
	installed_set_incomplete(installed, SNAPSHOT_PREFIXES, installed->tracking.truncated);
}

/* Routes that a disturbed dump found are listed again by the next one, which does no harm. */
static int add_routes(struct place_work *work, const struct device *device)
{
	int error = -EINTR;

	for (int i = 0; i < TRIES && error == -EINTR; i++)
		error = routes_add(&work->routes, &work->route_count, device->name, device->index);
	return error;
}

static int list_routes(const struct config *config, struct place_work *work)
{
	int error = 0;

	for (size_t i = 0; i < work->device_count; i++)
		for (size_t k = 0; k < config->interface_count && !error; k++)
			if (config->followed[k] &&
				strcmp(work->devices[i].name, config->ifnames[k]) == 0)
				error = add_routes(work, &work->devices[i]);
	return error;
}

/* Lists all devices, addresses and routes. Logs once what failed. Returns 0 or -errno. */
static int list_all(struct installed *installed, struct place_work *work, struct device **devices,
	struct address **own)
{
	int count = -EINTR, own_count, error;

	for (int i = 0; i < TRIES && count == -EINTR; i++)
		count = devices_list(devices);
	own_count = addresses_own(own);
	error = count < 0 ? count : own_count < 0 ? own_count : 0;
	work->devices = *devices;
	work->device_count = (size_t)count;
	work->own = *own;
	work->own_count = (size_t)own_count;
	if (!error)
		error = list_routes(installed->config, work);
	if (error && !installed->list_failed)
		log_error("cannot list the devices, addresses and routes: %s", strerror(-error));
	installed->list_failed = error != 0;
	return error;
}

int reconcile_hooks(struct installed *installed)
{
	struct place_work *work = calloc(1, sizeof(*work));
	struct device *devices = NULL;
	struct address *own = NULL;
	int error;

	if (!work)
		return -ENOMEM;
	place_begin(work);
	error = list_all(installed, work, &devices, &own);
	if (!error) {
		tracking_make(&installed->tracking, installed->config, own, work->own_count,
			work->routes, work->route_count);
		report_truncated(installed);
		for (size_t i = 0; i < installed->config->interface_count; i++) {
			int failed = reconcile_link(installed, work, i);

			error = error ? error : failed;
		}
		place_end(work);
		installed_set_incomplete(installed, SNAPSHOT_HOOK_FAILED, work->failed);
		installed_set_incomplete(installed, SNAPSHOT_INGRESS_QDISC, work->ingress);
		installed_set_incomplete(installed, SNAPSHOT_XDP, work->xdp);
		installed_set_incomplete(installed, SNAPSHOT_ADDRESSES, work->addresses);
		adopt(installed, work);
		log_debug("reconciled: %zu devices hooked, %zu prefixes tracked%s",
			installed->hook_count, installed->tracking.count,
			error ? ", not all that should be" : "");
		remember_devices(installed, work);
	}
	free(devices);
	free(own);
	free(work->routes);
	free(work);
	if (!error && installed->changed)
		error = detach_others(installed);
	return error;
}
